// Clients of the data plane that never repeat a call and remember what they saw of each.
import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What to ask for. */
export interface Plan {
  readonly model: string;
  readonly stream: boolean;
  readonly maxTokens: number;
  /** Hang up this long after the first byte of the answer. */
  readonly leaveAfterMs?: number;
}

/**
 * How a call ended for its client. `complete`: the whole answer, last byte included. `refused`: an error status. `cut`: a stream that
 * ended without its end mark. `broken`: the connection died. `unsent`: there was no connection. `left`: the client hung up, as planned.
 */
export type Ending = 'complete' | 'refused' | 'cut' | 'broken' | 'unsent' | 'left';

/** One call as its client saw it. Times are milliseconds of `performance.now()`. */
export interface ClientCall {
  readonly id: string;
  readonly plan: Plan;
  /** Base URL of the replica it went to. */
  readonly replica: string;
  readonly beganMs: number;
  endedMs: number;
  ending: Ending;
  status: number;
  body: string;
  headers: IncomingMessage['headers'];
}

export interface CallOptions {
  readonly replica: string;
  readonly key: string;
  readonly plan: Plan;
  readonly agent?: Agent;
}

/** Makes one call. Never rejects. */
export function callOnce({ replica, key, plan, agent }: CallOptions): Promise<ClientCall> {
  const id = randomUUID();
  const call: ClientCall = {
    id,
    plan,
    replica,
    beganMs: performance.now(),
    endedMs: 0,
    ending: 'unsent',
    status: 0,
    body: '',
    headers: {},
  };
  const { promise, resolve } = Promise.withResolvers<ClientCall>();
  const end = (ending: Ending): void => {
    if (call.endedMs > 0) return;
    call.endedMs = performance.now();
    call.ending = ending;
    resolve(call);
  };
  const body = JSON.stringify({
    model: plan.model,
    stream: plan.stream,
    max_tokens: plan.maxTokens,
    messages: [{ role: 'user', content: `call ${id}` }],
  });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-client-request-id': id };
  const outgoing = request(`${replica}/v1/chat/completions`, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    ...(agent ? { agent } : {}),
  });
  let connected = false;
  outgoing.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => (connected = true));
    else connected = true;
  });
  outgoing.on('error', () => end(connected ? 'broken' : 'unsent'));
  outgoing.on('response', (answer) => read(answer, call, end));
  outgoing.end(body);
  return promise;
}

function read(answer: IncomingMessage, call: ClientCall, end: (ending: Ending) => void): void {
  call.status = answer.statusCode ?? 0;
  call.headers = answer.headers;
  const { leaveAfterMs } = call.plan;
  if (leaveAfterMs !== undefined) {
    setTimeout(() => {
      end('left');
      answer.destroy();
    }, leaveAfterMs);
  }
  answer.on('data', (piece: Buffer) => (call.body += piece.toString()));
  answer.on('error', () => end('broken'));
  answer.on('close', () => end('broken'));
  answer.on('end', () => {
    if (!answer.complete) end('broken');
    else if (call.status !== 200) end('refused');
    else end(isWhole(call) ? 'complete' : 'cut');
  });
}

function isWhole(call: ClientCall): boolean {
  if (call.plan.stream) return call.body.endsWith('data: [DONE]\n\n');
  return (JSON.parse(call.body) as { object?: unknown }).object === 'chat.completion';
}

export interface LoadOptions {
  /** Where calls may go now. */
  readonly replicas: () => readonly string[];
  readonly key: string;
  /** Calls at a time. */
  readonly clients: number;
  readonly plan: () => Plan;
  /** Longest pause of a client between two calls. */
  readonly pauseMs?: number;
}

/** Clients that call all the time, each one call after the other. */
export class Load {
  /** Every call that ended, in the order of their ends. */
  readonly calls: ClientCall[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[];
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: options.clients }, () => this.#client());
  }

  /** Waits until every call begun has ended, and answers all of them. */
  async stop(): Promise<readonly ClientCall[]> {
    this.#stopping = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.calls;
  }

  async #client(): Promise<void> {
    const { replicas, key, plan, pauseMs = 0 } = this.#options;
    while (!this.#stopping) {
      const open = replicas();
      const replica = open[Math.floor(Math.random() * open.length)];
      if (replica === undefined) {
        await sleep(20);
        continue;
      }
      const call = await callOnce({ replica, key, plan: plan(), agent: this.#agent });
      this.calls.push(call);
      // A replica that is just gone must not make its clients spin.
      if (call.ending === 'unsent' || call.ending === 'refused') await sleep(20);
      if (pauseMs > 0) await sleep(Math.random() * pauseMs);
    }
  }
}

/** How many calls ended in which way. */
export function endings(calls: readonly ClientCall[]): Record<Ending, number> {
  const counts: Record<Ending, number> = { complete: 0, refused: 0, cut: 0, broken: 0, unsent: 0, left: 0 };
  for (const call of calls) counts[call.ending] += 1;
  return counts;
}
