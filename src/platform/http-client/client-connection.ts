import net from 'node:net';
import tls from 'node:tls';
import { ownCopy } from '../../kernel/bytes.js';
import type { AnswerHead } from './answer-head.js';
import { type AnswerListener, AnswerReader } from './answer-reader.js';
import { HttpClientError } from './http-client.errors.js';

/** Whom an exchange tells what happens to it: `onSending` at most once and first, and `onEnd` or `onFailed` once and last. */
export interface ExchangeHandler {
  /** There is a connection, and the request leaves when this returns. */
  onSending(control: ExchangeControl): void;
  onHead(head: AnswerHead): void;
  /** A piece of the body, lent until this returns: what the handler keeps it copies. */
  onBody(piece: Buffer): void;
  onEnd(): void;
  /** No whole answer: an {@link HttpClientError}, an error of the socket or the reason of an abort. */
  onFailed(error: Error): void;
}

/** Acts on one exchange, and on nothing once that is over. */
export interface ExchangeControl {
  /** Ends it now: `onFailed` is called before this returns. What was sent of it cannot be taken back, so its connection is closed. */
  abort(reason: Error): void;
  /** Reads no more until `resume`. */
  pause(): void;
  resume(): void;
}

export interface Origin {
  /** As in `Host`. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
}

export interface ConnectionOptions {
  readonly lookup: net.LookupFunction;
  readonly connectMs: number;
  /** An idle connection is closed after this long, or a second before the server would. */
  readonly keepAliveMs: number;
}

/** What a connection needs of its pool, and tells it. */
export interface ConnectionOwner {
  readonly origin: Origin;
  readonly options: ConnectionOptions;
  /** The newest TLS session (RFC 8446 §2.2): the next connection need not begin from nothing. */
  tlsSession: Buffer | undefined;
  becameIdle(connection: ClientConnection): void;
  wasClosed(connection: ClientConnection): void;
}

/**
 * What sockets read into. A read is dealt with before the next one begins, so all can share it; left to itself Node takes 64 KiB from the heap
 * for every read.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);
const TCP_KEEP_ALIVE_MS = 60_000;

/** One connection, one exchange at a time (no pipelining: RFC 9112 §9.3.2). */
export class ClientConnection implements AnswerListener {
  private readonly socket: net.Socket;
  private readonly reader = new AnswerReader(this);
  private readonly connectTimer: NodeJS.Timeout;
  private idleTimer: NodeJS.Timeout | undefined;
  private keepAliveMs: number;
  private isConnected = false;
  private isClosed = false;
  private isPersistent = true;
  private isPaused = false;
  /** Read while paused: what one record of TLS held comes in several reads that cannot be stopped between. */
  private held: Buffer[] = [];
  /** The server will send no more. */
  private isReadOut = false;
  private hasEnded = false;
  private exchange: PendingExchange | null = null;

  constructor(private readonly owner: ConnectionOwner) {
    const { origin, options } = owner;
    this.keepAliveMs = options.keepAliveMs;
    this.socket = this.open(origin, options.lookup);
    this.connectTimer = setTimeout(() => this.close(new HttpClientError('connect_timeout', 'no connection in time')), options.connectMs);
    this.socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    this.socket.on(origin.isSecure ? 'secureConnect' : 'connect', () => this.connected());
    this.socket.on('error', (error) => this.close(error));
    this.socket.on('end', () => this.readOut());
    this.socket.on('close', () => this.readOut());
  }

  /** Only while idle, or not yet used. `request`: as it goes on the wire. */
  send(request: readonly Buffer[], handler: ExchangeHandler): void {
    this.exchange = new PendingExchange(this, request, handler);
    if (this.isConnected) this.start(this.exchange);
  }

  /** Closes the connection, and ends what is under way on it for this reason. */
  close(reason: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.connectTimer);
    clearTimeout(this.idleTimer);
    this.socket.destroy();
    this.owner.wasClosed(this);
    this.take()?.handler.onFailed(reason);
  }

  /** Ends one exchange for a reason of its handler's. */
  abort(exchange: PendingExchange, reason: Error): void {
    if (this.exchange !== exchange) return;
    if (exchange.isSent) return this.close(reason);
    this.exchange = null;
    exchange.handler.onFailed(reason);
  }

  pause(exchange: PendingExchange): void {
    if (this.exchange !== exchange || this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(exchange: PendingExchange): void {
    if (this.exchange !== exchange || !this.isPaused) return;
    this.isPaused = false;
    while (!this.isPaused && !this.isClosed && this.held.length > 0) this.digest(this.held.shift() as Buffer);
    if (this.isPaused || this.isClosed) return;
    if (this.isReadOut) this.readOut();
    else this.socket.resume();
  }

  onHead(head: AnswerHead): void {
    this.isPersistent = head.isPersistent;
    // Servers do not change their minds: the first answer tells.
    if (this.idleTimer === undefined) this.keepAliveMs = Math.min(this.keepAliveMs, keepAliveHintMs(head));
    this.exchange?.handler.onHead(head);
  }

  onBody(piece: Buffer): void {
    this.exchange?.handler.onBody(piece);
  }

  onEnd(): void {
    this.hasEnded = true;
  }

  private open({ hostname, port, isSecure }: Origin, lookup: net.LookupFunction): net.Socket {
    const onread = { buffer: readBuffer, callback: (bytes: number) => this.read(bytes) };
    const options = { host: hostname, port, lookup, noDelay: true, onread };
    if (!isSecure) return net.connect(options);
    const { tlsSession } = this.owner;
    const servername = net.isIP(hostname) === 0 ? hostname : '';
    const socket = tls.connect({ ...options, servername, ALPNProtocols: ['http/1.1'], ...(tlsSession ? { session: tlsSession } : {}) });
    socket.on('session', (session) => (this.owner.tlsSession = session));
    return socket;
  }

  private connected(): void {
    this.isConnected = true;
    clearTimeout(this.connectTimer);
    if (this.exchange) this.start(this.exchange);
    else this.becomeIdle();
  }

  private start(exchange: PendingExchange): void {
    exchange.handler.onSending(exchange);
    // Its handler no longer wants it: nothing was sent, and the connection is as good as new.
    if (this.exchange !== exchange) return this.becomeIdle();
    exchange.isSent = true;
    this.reader.begin();
    const request = exchange.takeRequest();
    if (request.length > 1) this.socket.cork();
    for (const bytes of request) this.socket.write(bytes);
    if (request.length > 1) this.socket.uncork();
  }

  /** False: read no more for now. */
  private read(length: number): boolean {
    const bytes = readBuffer.subarray(0, length);
    if (this.isPaused) this.held.push(ownCopy(bytes));
    else this.digest(bytes);
    return !this.isPaused;
  }

  private digest(bytes: Buffer): void {
    let broken: Error | null = null;
    try {
      this.reader.push(bytes);
    } catch (error) {
      broken = error as Error;
    }
    this.conclude(broken);
  }

  private readOut(): void {
    this.isReadOut = true;
    // What is held comes first, when its reader goes on.
    if (this.isPaused || this.isClosed) return;
    this.reader.finish();
    this.conclude(new HttpClientError('closed', 'the server closed the connection'));
  }

  /** What a read, or the end of all reading, comes to. An answer that is whole stays so whatever came behind it. */
  private conclude(broken: Error | null): void {
    const ended = this.hasEnded ? this.take() : null;
    this.hasEnded = false;
    if (broken) this.close(broken);
    else if (ended && !this.isReusable()) this.close(new HttpClientError('closed', 'it was the last'));
    else if (ended) this.becomeIdle();
    ended?.end();
  }

  /** Not with bytes that no answer takes, nor with a request that was answered before it was read: it would go on in the middle of the next. */
  private isReusable(): boolean {
    return this.isPersistent && !this.isReadOut && this.held.length === 0 && this.socket.writableLength === 0;
  }

  private becomeIdle(): void {
    if (this.isClosed) return;
    if (this.isPaused) {
      this.isPaused = false;
      this.socket.resume();
    }
    // It runs out in the middle of an exchange too, to no effect.
    if (this.idleTimer) this.idleTimer.refresh();
    else this.idleTimer = setTimeout(() => this.closeIfIdle(), this.keepAliveMs).unref();
    this.owner.becameIdle(this);
  }

  private closeIfIdle(): void {
    if (!this.exchange) this.close(new HttpClientError('closed', 'the connection was idle'));
  }

  private take(): PendingExchange | null {
    const { exchange } = this;
    this.exchange = null;
    return exchange;
  }
}

class PendingExchange implements ExchangeControl {
  isSent = false;

  constructor(
    private readonly connection: ClientConnection,
    private request: readonly Buffer[],
    readonly handler: ExchangeHandler,
  ) {}

  /** Once: an answer may take long, and the request is not needed again. */
  takeRequest(): readonly Buffer[] {
    const { request } = this;
    this.request = [];
    return request;
  }

  /** A handler that fails here, where nobody above would hear of it, is told so itself. */
  end(): void {
    try {
      this.handler.onEnd();
    } catch (error) {
      this.handler.onFailed(error as Error);
    }
  }

  abort(reason: Error): void {
    this.connection.abort(this, reason);
  }

  pause(): void {
    this.connection.pause(this);
  }

  resume(): void {
    this.connection.resume(this);
  }
}

/** `Keep-Alive: timeout=` (RFC 2068 §19.7.1), less a second: closing first avoids sending into a connection that is being closed. */
function keepAliveHintMs({ headers }: AnswerHead): number {
  const [, seconds] = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(headers['keep-alive'] ?? '') ?? [];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1000;
}
