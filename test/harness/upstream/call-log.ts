import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import type { Usage } from './usage.ts';

/** How a call ended, seen from the stand-in. `cut` and `error:<status>` are its own doing; `error:event` is an error inside a stream. */
export type Outcome = 'completed' | 'client_disconnected' | 'cut' | `error:${number | 'event'}`;

/** One received call. The object is live: it fills as the call goes on. */
export interface CallRecord {
  readonly sequence: number;
  /** ISO 8601. */
  readonly receivedAt: string;
  endedAt: string | undefined;
  readonly method: string;
  readonly path: string;
  /** The last four characters of the key. */
  readonly keyTail: string;
  model: string | undefined;
  stream: boolean;
  /** As received, names in lower case; the Authorization value is cut down to the tail. */
  readonly headers: IncomingHttpHeaders;
  readonly clientRequestId: string | undefined;
  bodyBytes: number;
  bodySha256: string | undefined;
  /** The body as it came; only with `keepBodies`. */
  body: Buffer | undefined;
  /** `x-request-id` of the answer. */
  readonly requestId: string;
  /** `chatcmpl-…`; undefined when no completion was begun. */
  responseId: string | undefined;
  status: number | undefined;
  outcome: Outcome | undefined;
  /** What the call cost the provider so far: the truth a bill is held against. Undefined when no completion was begun. */
  generated: { promptTokens: number; completionTokens: number } | undefined;
  /** The usage the answer told, once the bytes that tell it were written. */
  reported: Usage | undefined;
  /** `generated.completionTokens` at the moment the caller left. */
  tokensAtDisconnect: number | undefined;
  /** Content chunks written. */
  contentChunks: number;
  /** Body bytes handed to the socket; stands still while the caller does not read. */
  bytesWritten: number;
}

/** Totals, kept even when single calls are not. */
export interface Counters {
  received: number;
  completed: number;
  disconnected: number;
  cut: number;
  failed: number;
}

export interface CallLogOptions {
  /** `false`: only counters (the bench). */
  readonly records: boolean;
  readonly keepBodies: boolean;
  /** One JSON line when a call arrives, one when it ends. */
  readonly file: string | undefined;
}

/** Everything the stand-in received. The file is written synchronously, so no line is lost to anybody's `kill -9`. */
export class CallLog {
  readonly #options: CallLogOptions;
  readonly #file: number | undefined;
  #calls: CallRecord[] = [];
  #counters = noCounts();

  constructor(options: CallLogOptions) {
    this.#options = options;
    this.#file = options.file === undefined ? undefined : openSync(options.file, 'a');
  }

  get calls(): readonly CallRecord[] {
    return this.#calls;
  }

  get counters(): Readonly<Counters> {
    return this.#counters;
  }

  /** To be called once the body is complete and before anything is answered. */
  received(record: CallRecord, body: Buffer): void {
    this.#counters.received += 1;
    if (!this.#options.records) return;
    record.bodyBytes = body.length;
    record.bodySha256 = createHash('sha256').update(body).digest('hex');
    if (this.#options.keepBodies) record.body = body;
    this.#calls.push(record);
    if (this.#file === undefined) return;
    const {
      sequence,
      receivedAt,
      method,
      path,
      keyTail,
      model,
      stream,
      headers,
      clientRequestId,
      bodyBytes,
      bodySha256,
      requestId,
      responseId,
    } = record;
    this.#append({
      event: 'received',
      sequence,
      at: receivedAt,
      method,
      path,
      keyTail,
      model,
      stream,
      headers,
      clientRequestId,
      bodyBytes,
      bodySha256,
      requestId,
      responseId,
    });
  }

  ended(record: CallRecord): void {
    const outcome = record.outcome ?? 'completed';
    record.outcome = outcome;
    if (outcome === 'completed') this.#counters.completed += 1;
    else if (outcome === 'client_disconnected') this.#counters.disconnected += 1;
    else if (outcome === 'cut') this.#counters.cut += 1;
    else this.#counters.failed += 1;
    if (!this.#options.records) return;
    record.endedAt = new Date().toISOString();
    if (this.#file === undefined) return;
    const {
      sequence,
      endedAt,
      keyTail,
      model,
      requestId,
      responseId,
      status,
      generated,
      reported,
      tokensAtDisconnect,
      contentChunks,
      bytesWritten,
    } = record;
    this.#append({
      event: 'ended',
      sequence,
      at: endedAt,
      keyTail,
      model,
      requestId,
      responseId,
      status,
      outcome,
      generated,
      reported,
      tokensAtDisconnect,
      contentChunks,
      bytesWritten,
    });
  }

  reset(): void {
    this.#calls = [];
    this.#counters = noCounts();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #append(line: object): void {
    writeSync(this.#file!, `${JSON.stringify(line)}\n`);
  }
}

function noCounts(): Counters {
  return { received: 0, completed: 0, disconnected: 0, cut: 0, failed: 0 };
}
