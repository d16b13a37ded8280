/**
 * One keep-alive HTTP/1.1 connection that sends the same request over and over and reads no more of the answer than it must.
 *
 * A general client (undici, node:http) costs about as much per request as the gateways being measured; sharing a core with
 * the upstream it would be the bottleneck. This one knows the framing only: status, content-length, chunked.
 */
import { connect, type Socket } from 'node:net';

/** What one exchange took. Times are milliseconds from the moment the request was written. */
export interface Exchange {
  readonly status: number;
  /** To the first byte of the answer's body. */
  readonly firstByteMs: number;
  /** To its last byte. */
  readonly totalMs: number;
  readonly bodyBytes: number;
}

export interface ConnectionEvents {
  /** A complete answer; return whether the connection should send the request again. */
  onExchange(exchange: Exchange): boolean;
  /** The connection broke while a request was out; return whether to connect anew and go on. */
  onBroken(reason: string): boolean;
}

const readBufferBytes = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');
const lineFeed = 10;
/** A body's state: how its end will be recognised. */
type Framing = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'trailer' | 'until-close';

export class BenchConnection {
  readonly #endpoint: { host: string; port: number };
  readonly #request: Buffer;
  readonly #events: ConnectionEvents;
  #socket: Socket | undefined;
  #framing: Framing = 'head';
  #headSoFar = '';
  #remaining = 0;
  #sizeLine = '';
  #status = 0;
  #closing = false;
  #inFlight = false;
  #startedAt = 0;
  #firstByteAt = 0;
  #bodyBytes = 0;

  constructor(endpoint: { host: string; port: number }, request: Buffer, events: ConnectionEvents) {
    this.#endpoint = endpoint;
    this.#request = request;
    this.#events = events;
  }

  /** Connects and sends the first request. */
  open(): void {
    this.#closing = false;
    const socket = connect({
      ...this.#endpoint,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(readBufferBytes),
        callback: (length: number, buffer: Uint8Array): boolean => {
          this.#read(buffer as Buffer, length);
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.on('connect', () => this.#send());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#broke(error.code ?? 'socket error', socket));
    socket.on('close', () => this.#closed(socket));
  }

  close(): void {
    this.#inFlight = false;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #send(): void {
    this.#framing = 'head';
    this.#headSoFar = '';
    this.#sizeLine = '';
    this.#bodyBytes = 0;
    this.#firstByteAt = 0;
    this.#inFlight = true;
    this.#startedAt = performance.now();
    this.#socket?.write(this.#request);
  }

  #read(buffer: Buffer, length: number): void {
    let position = 0;
    while (position < length && this.#inFlight) {
      position = this.#framing === 'head' ? this.#readHead(buffer, position, length) : this.#readBody(buffer, position, length);
    }
  }

  #readHead(buffer: Buffer, from: number, to: number): number {
    const end = this.#headSoFar === '' ? buffer.subarray(from, to).indexOf(headEnd) : -1;
    const head = this.#headSoFar + buffer.toString('latin1', from, end < 0 ? to : from + end);
    if (end < 0) {
      // Rare: the head came in pieces. Join as text and look again.
      const joined = head.indexOf('\r\n\r\n');
      if (joined < 0) {
        this.#headSoFar = head;
        return to;
      }
      const used = joined + 4 - this.#headSoFar.length;
      this.#headDone(head.slice(0, joined));
      return from + used;
    }
    this.#headDone(head);
    return from + end + 4;
  }

  #headDone(head: string): void {
    this.#headSoFar = '';
    this.#status = Number(head.slice(9, 12));
    const lower = head.toLowerCase();
    this.#closing = lower.includes('\r\nconnection: close');
    const at = lower.indexOf('\r\ncontent-length:');
    if (at >= 0) {
      this.#remaining = Number.parseInt(lower.slice(at + 17), 10);
      this.#framing = 'length';
      if (this.#remaining === 0) this.#finish();
      return;
    }
    this.#framing = lower.includes('\r\ntransfer-encoding: chunked') ? 'chunk-size' : 'until-close';
  }

  #readBody(buffer: Buffer, from: number, to: number): number {
    switch (this.#framing) {
      case 'length':
      case 'chunk-data': {
        const taken = Math.min(this.#remaining, to - from);
        this.#remaining -= taken;
        this.#count(taken);
        if (this.#remaining === 0) this.#partDone();
        return from + taken;
      }
      case 'until-close':
        this.#count(to - from);
        return to;
      default:
        return this.#readLine(buffer, from, to);
    }
  }

  /** Reads a chunk's size line, or one line of what follows the last chunk. */
  #readLine(buffer: Buffer, from: number, to: number): number {
    const end = buffer.indexOf(lineFeed, from);
    if (end < 0 || end >= to) {
      this.#sizeLine += buffer.toString('latin1', from, to);
      return to;
    }
    const line = (this.#sizeLine + buffer.toString('latin1', from, end)).trimEnd();
    this.#sizeLine = '';
    if (this.#framing === 'trailer') {
      if (line === '') this.#finish();
    } else if (line !== '') {
      // An empty line here is the CRLF that closes the chunk before.
      this.#remaining = Number.parseInt(line, 16);
      this.#framing = this.#remaining === 0 ? 'trailer' : 'chunk-data';
    }
    return end + 1;
  }

  #count(bytes: number): void {
    if (this.#firstByteAt === 0 && bytes > 0) this.#firstByteAt = performance.now();
    this.#bodyBytes += bytes;
  }

  #partDone(): void {
    if (this.#framing === 'length') this.#finish();
    else this.#framing = 'chunk-size';
  }

  #finish(): void {
    const now = performance.now();
    this.#inFlight = false;
    const again = this.#events.onExchange({
      status: this.#status,
      firstByteMs: (this.#firstByteAt === 0 ? now : this.#firstByteAt) - this.#startedAt,
      totalMs: now - this.#startedAt,
      bodyBytes: this.#bodyBytes,
    });
    if (!again) this.close();
    else if (this.#closing) this.#reopen();
    else this.#send();
  }

  #reopen(): void {
    this.close();
    this.open();
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (this.#inFlight && this.#framing === 'until-close') {
      this.#closing = true;
      this.#finish();
    } else {
      this.#broke('closed by peer', socket);
    }
  }

  #broke(reason: string, socket: Socket): void {
    if (socket !== this.#socket) return;
    this.close();
    if (this.#events.onBroken(reason)) this.open();
  }
}
