import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendCompletion, sendError, sendText } from './answer-json.ts';
import { sendStream } from './answer-stream.ts';
import { type Behaviour, ScenarioError } from './behaviour.ts';
import { CallLog, type CallRecord, type Counters } from './call-log.ts';
import { type ChatRequest, readChatRequest } from './chat-request.ts';
import { handleControl } from './control.ts';
import { Exchange } from './exchange.ts';
import { badRequest, errorAnswer, unauthorised, unknownAddress } from './openai-errors.ts';
import { type Matcher, Scripts } from './scripts.ts';
import { DEFAULT_COMPLETION_TOKENS, generationOf } from './usage.ts';

export interface UpstreamOptions {
  /** 0, the default, takes a free port. The address is always 127.0.0.1. */
  readonly port?: number;
  /** The only keys let in; absent: every key. */
  readonly keys?: readonly string[];
  /** What calls with a key get, whatever their model: a behaviour, or a scenario's name and knobs. */
  readonly keyBehaviours?: Readonly<Record<string, Behaviour | string>>;
  /** What `GET /v1/models` lists. Every other model is served all the same. */
  readonly models?: readonly string[];
  /** Appends a JSON line for every call received and ended. */
  readonly logFile?: string;
  readonly keepBodies?: boolean;
  /** Counts calls instead of recording them. */
  readonly bench?: boolean;
  /** Completion tokens of a request that names no limit. */
  readonly tokens?: number;
  /** Pause between the events of every stream that does not choose its own. */
  readonly delayMs?: number;
  /** Starts every id, so that ids of two stand-ins never meet. Eight hex digits, random by default. */
  readonly seed?: string;
}

/** A running stand-in. */
export interface Upstream {
  /** The base URL, `/v1` included. */
  readonly url: string;
  readonly port: number;
  /** Every call received since the last reset, oldest first; live objects. */
  calls(): readonly CallRecord[];
  counters(): Readonly<Counters>;
  /** Adds a script, newest first. Returns a function that takes it away. */
  script(matcher: Matcher, behaviour: Behaviour | string): () => void;
  /** Forgets calls, counters, scripts and the counts behind `failures`. */
  reset(): void;
  /** Resolves when no call is being answered. */
  idle(): Promise<void>;
  /** Drops open connections. */
  close(): Promise<void>;
}

/** Starts a stand-in for an OpenAI-compatible provider. Rejects when the port is taken. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const desk = new FrontDesk(options);
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, noDelay: true }, (req, res) => desk.take(req, res));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port ?? 0, host: '127.0.0.1', backlog: 1024 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    calls: () => desk.log.calls,
    counters: () => desk.log.counters,
    script: (matcher, behaviour) => desk.scripts.add(matcher, behaviour),
    reset: () => desk.reset(),
    idle: () => desk.idle(),
    close: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await desk.idle();
      desk.log.close();
    },
  };
}

/** Takes each request in, finds out what is wanted, and has it answered. */
class FrontDesk {
  readonly log: CallLog;
  readonly scripts: Scripts;
  readonly #options: UpstreamOptions;
  readonly #keys: ReadonlySet<string> | undefined;
  readonly #seed: string;
  #sequence = 0;
  #open = 0;
  #idlers: (() => void)[] = [];

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#keys = options.keys === undefined ? undefined : new Set(options.keys);
    this.#seed = options.seed ?? randomBytes(4).toString('hex');
    this.log = new CallLog({ records: options.bench !== true, keepBodies: options.keepBodies === true, file: options.logFile });
    this.scripts = new Scripts(options.keyBehaviours ?? {});
  }

  take(req: IncomingMessage, res: ServerResponse): void {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks.length = 0;
      const path = pathOf(req);
      if (path.startsWith('/_control/')) handleControl({ desk: this, method: req.method ?? '', path, body, res });
      else this.#answer(req, res, body);
    });
  }

  reset(): void {
    this.log.reset();
    this.scripts.reset();
  }

  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  #answer(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
    const authorization = req.headers.authorization ?? '';
    const key = /^bearer /i.test(authorization) ? authorization.slice(7).trim() : '';
    const record = this.#newRecord(req, key);
    const exchange = new Exchange(res, record, { key, acceptsGzip: /\bgzip\b/.test(String(req.headers['accept-encoding'] ?? '')) });
    this.#open += 1;
    const isChat = record.path === '/v1/chat/completions';
    const request = isChat && req.method === 'POST' ? readChatRequest(body.toString()) : undefined;
    if (request !== undefined && 'model' in request) {
      record.model = request.model;
      record.stream = request.stream;
    }
    this.log.received(record, body);
    let working = true;
    const settle = (): void => {
      if (working || !exchange.left) return;
      this.log.ended(record);
      this.#leave();
    };
    res.on('close', () => {
      if (!res.writableFinished && record.outcome === undefined) {
        record.outcome = 'client_disconnected';
        record.tokensAtDisconnect = record.generated?.completionTokens ?? 0;
      }
      exchange.close();
      settle();
    });
    // A write that crosses with the caller's leaving is no failure of ours.
    res.on('error', () => undefined);
    void this.#serve(exchange, req.method ?? '', request)
      .catch((error: unknown) => confess(exchange, error))
      .finally(() => {
        working = false;
        settle();
      });
  }

  async #serve(exchange: Exchange, method: string, request: ReturnType<typeof readChatRequest> | undefined): Promise<void> {
    const { key, record } = exchange;
    if (key === '' || this.#keys?.has(key) === false) return sendError(exchange, unauthorised(key));
    if (request !== undefined) return 'model' in request ? this.#complete(exchange, request) : sendError(exchange, request);
    if (record.path === '/v1/chat/completions') return sendError(exchange, unknownAddress(405, method, record.path));
    if (method === 'GET' && record.path === '/v1/models') return sendText(exchange, this.#modelList(), JSON_TYPE);
    if (method === 'GET' && record.path.startsWith('/v1/models/')) {
      return sendText(exchange, JSON.stringify(modelObject(record.path.slice(11)), null, 2), JSON_TYPE);
    }
    return sendError(exchange, unknownAddress(404, method, record.path));
  }

  async #complete(exchange: Exchange, request: ChatRequest): Promise<void> {
    const { key, record } = exchange;
    let behaviour: Behaviour;
    try {
      behaviour = this.scripts.choose({ key, model: request.model, stream: request.stream });
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      return sendError(exchange, badRequest(`The stand-in: ${error.message}.`, 'model', 'unknown_scenario'));
    }
    if (behaviour.headerDelayMs !== undefined) await exchange.pause(behaviour.headerDelayMs, behaviour.onDisconnect !== 'finish');
    if (behaviour.cutBeforeHeaders === true) return exchange.cut(behaviour.cutHow === 'destroy' ? 'destroy' : 'reset');
    if (behaviour.status !== undefined) return sendError(exchange, errorAnswer(behaviour.status, behaviour, key));
    if (behaviour.redirectTo !== undefined) return sendText(exchange, '', ['location', behaviour.redirectTo], 307);
    if (behaviour.rawBody !== undefined)
      return sendText(exchange, behaviour.rawBody, ['content-type', behaviour.contentType ?? 'application/json']);
    const shaped =
      request.stream && behaviour.delayMs === undefined && this.#options.delayMs
        ? { ...behaviour, delayMs: this.#options.delayMs }
        : behaviour;
    const id = `chatcmpl-${this.#seed}${record.sequence.toString(16).padStart(16, '0')}`;
    record.responseId = id;
    const generation = generationOf(request, shaped, this.#options.tokens ?? DEFAULT_COMPLETION_TOKENS);
    const answer = { id, created: Math.floor(Date.now() / 1000), model: request.model, generation, behaviour: shaped };
    return request.stream ? sendStream(exchange, answer, request.includeUsage) : sendCompletion(exchange, answer);
  }

  #newRecord(req: IncomingMessage, key: string): CallRecord {
    const sequence = (this.#sequence += 1);
    const detailed = this.#options.bench !== true;
    const clientRequestId = req.headers['x-client-request-id'];
    return {
      sequence,
      receivedAt: detailed ? new Date().toISOString() : '',
      endedAt: undefined,
      method: req.method ?? '',
      path: pathOf(req),
      keyTail: key.slice(-4),
      model: undefined,
      stream: false,
      headers: detailed ? { ...req.headers, ...(key === '' ? undefined : { authorization: `Bearer …${key.slice(-4)}` }) } : {},
      clientRequestId: typeof clientRequestId === 'string' ? clientRequestId : undefined,
      bodyBytes: 0,
      bodySha256: undefined,
      body: undefined,
      requestId: `req_${this.#seed}${sequence.toString(16).padStart(24, '0')}`,
      responseId: undefined,
      status: undefined,
      outcome: undefined,
      generated: undefined,
      reported: undefined,
      tokensAtDisconnect: undefined,
      contentChunks: 0,
      bytesWritten: 0,
    };
  }

  #modelList(): string {
    return JSON.stringify({ object: 'list', data: (this.#options.models ?? ['stand-in', 'stand-in-mini']).map(modelObject) }, null, 2);
  }

  #leave(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }
}

// A behaviour that cannot be carried out (a header value with a line break, say) must not end the process and every other test with it.
function confess(exchange: Exchange, error: unknown): void {
  process.stderr.write(`upstream stand-in: call ${exchange.record.sequence}: ${String(error)}\n`);
  exchange.record.outcome = 'error:500';
  if (exchange.res.headersSent) exchange.res.destroy();
  else sendError(exchange, errorAnswer(500, { errorCode: 'stand_in_failed' }, ''));
}

function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function modelObject(id: string): object {
  return { id, object: 'model', created: 1_700_000_000, owned_by: 'stand-in' };
}

const JSON_TYPE = ['content-type', 'application/json'] as const;
