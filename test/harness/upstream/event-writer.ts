import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { Behaviour } from './behaviour.ts';
import { cutUp, dressed } from './chunking.ts';
import { type Exchange, headersOf } from './exchange.ts';

const MERGED_EVENTS = 4;

/** Puts events on the wire the way a behaviour asks for: cut, merged, dressed, compressed; always honouring back-pressure. */
export class EventWriter {
  readonly #exchange: Exchange;
  readonly #behaviour: Behaviour;
  readonly #plain: boolean;
  #gzip: Gzip | undefined;
  #held: string[] = [];

  constructor(exchange: Exchange, behaviour: Behaviour) {
    this.#exchange = exchange;
    this.#behaviour = behaviour;
    this.#plain = behaviour.split === undefined && behaviour.eol === undefined && behaviour.comment === undefined;
  }

  open(): void {
    const { res, record, acceptsGzip } = this.#exchange;
    const headers = headersOf(
      this.#exchange,
      'content-type',
      this.#behaviour.contentType ?? 'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
    );
    if (this.#behaviour.gzip === true && acceptsGzip) {
      headers.push('content-encoding', 'gzip');
      this.#gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
      this.#gzip.pipe(res);
    }
    record.status = 200;
    res.writeHead(200, headers);
    res.flushHeaders();
  }

  /** Sends one event. A promise means: wait before the next. Nothing is written for a caller who has left. */
  write(event: string): Promise<void> | undefined {
    if (this.#exchange.left) return undefined;
    if (this.#plain) return this.#put(event);
    const text = dressed(event, this.#behaviour);
    switch (this.#behaviour.split) {
      case 'pieces':
      case 'byte':
        return this.#putPieces(cutUp(Buffer.from(text), this.#behaviour.split));
      case 'merged':
        this.#held.push(text);
        return this.#held.length < MERGED_EVENTS ? undefined : this.#putHeld();
      default:
        return this.#put(text);
    }
  }

  /** Sends what is still held back. */
  async flush(): Promise<void> {
    if (this.#held.length > 0) await this.#putHeld();
  }

  async end(): Promise<void> {
    await this.flush();
    (this.#gzip ?? this.#exchange.res).end();
  }

  #putHeld(): Promise<void> | undefined {
    const text = this.#held.join('');
    this.#held = [];
    return this.#put(text);
  }

  // Each piece gets a turn of its own, else the kernel would put them back together.
  async #putPieces(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (this.#exchange.left) return;
      await this.#put(piece);
      await nextTurn();
    }
  }

  #put(bytes: string | Buffer): Promise<void> | undefined {
    const { record, res } = this.#exchange;
    record.bytesWritten += Buffer.byteLength(bytes);
    return (this.#gzip ?? res).write(bytes) ? undefined : this.#drained();
  }

  async #drained(): Promise<void> {
    if (this.#exchange.left) return;
    await once(this.#gzip ?? this.#exchange.res, 'drain', { signal: this.#exchange.gone }).catch(() => undefined);
  }
}
