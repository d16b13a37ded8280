import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../kernel/clock.js';
import { kernelErrors } from '../../../kernel/errors.js';
import { OpenIdProvider } from './open-id-provider.js';
import { SamlProvider } from './saml-provider.js';
import { jsonReply, type StandInReply } from './stand-in-reply.js';

/** Models that say how the provider is to answer. */
export const MODELS = {
  answers: 'canary-answers',
  callsTool: 'canary-calls-tool',
  refuses: 'canary-refuses',
  breaks: 'canary-breaks',
} as const;

/** What the provider says, of which nothing may be kept that the profile does not keep. */
export interface ProviderWords {
  readonly answer: string;
  readonly toolArguments: string;
  readonly error: string;
  readonly requestId: string;
}

const BODY_MAX_BYTES = 8 * 1024 * 1024;
const RECEIVED_MAX_BYTES = 64 * 1024 * 1024;

type Receiver = 'provider' | 'traces' | 'webhooks' | 'identity providers';

/** Where each of them is; whoever asks elsewhere sends a webhook. */
const OPEN_ID = '/openid';
const SAML = '/saml';
const RECEIVERS: readonly (readonly [string, Receiver])[] = [
  ['/v1/chat/', 'provider'],
  ['/v1/traces', 'traces'],
  [`${OPEN_ID}/`, 'identity providers'],
  [`${SAML}/`, 'identity providers'],
];

/** Everybody Lethe talks to, on one port of this machine: a provider, identity providers, a collector of traces, a receiver of webhooks. */
export class OutsideWorld {
  /** What came to each of them, whole. */
  private readonly received = new Map<Receiver, Buffer[]>();
  private receivedBytes = 0;
  readonly openId: OpenIdProvider;
  readonly saml: SamlProvider;

  private constructor(
    private readonly server: Server,
    private readonly words: ProviderWords,
    clock: Clock,
  ) {
    this.openId = new OpenIdProvider(this.url + OPEN_ID);
    this.saml = new SamlProvider(this.url + SAML, clock);
  }

  static async open(words: ProviderWords, clock: Clock): Promise<OutsideWorld> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const world = new OutsideWorld(server, words, clock);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      world.answer(request, response).catch(() => response.destroy());
    });
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  heardBy(who: Receiver): Buffer {
    return Buffer.concat(this.received.get(who) ?? []);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await this.bodyOf(request);
    const who = RECEIVERS.find(([beginning]) => path.startsWith(beginning))?.[1] ?? 'webhooks';
    const heard = this.received.get(who) ?? [];
    this.received.set(who, heard);
    heard.push(Buffer.from(`${path}\n${request.rawHeaders.join('\n')}\n\n`), body);
    if (who === 'provider') return this.complete(JSON.parse(body.toString('utf8')) as Asked, response);
    const reply = who === 'identity providers' ? this.identify(path, body, request.headers.authorization ?? '') : jsonReply({});
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  private identify(path: string, body: Buffer, authorization: string): StandInReply {
    if (path.startsWith(SAML)) return this.saml.answer(path.slice(SAML.length));
    return this.openId.answer(path.slice(OPEN_ID.length), body, authorization);
  }

  private async bodyOf(request: IncomingMessage): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      this.receivedBytes += piece.length;
      if (bytes > BODY_MAX_BYTES || this.receivedBytes > RECEIVED_MAX_BYTES) throw kernelErrors.unavailable();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  private complete({ model, stream }: Asked, response: ServerResponse): void {
    const headers = { 'content-type': 'application/json', 'x-request-id': this.words.requestId };
    if (model === MODELS.refuses) {
      const error = { message: `Not this: ${this.words.error}`, type: 'invalid_request_error', param: this.words.error, code: null };
      response.writeHead(400, headers).end(JSON.stringify({ error }));
      return;
    }
    const message = this.messageOf(model);
    if (stream !== true) {
      response.writeHead(200, headers).end(JSON.stringify({ ...completion('chat.completion', { message }), usage: USAGE }));
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    response.write(event(completion('chat.completion.chunk', { delta: { role: 'assistant', ...message }, finish_reason: null })));
    if (model === MODELS.breaks) {
      setTimeout(() => response.destroy(), BREAK_AFTER_MS);
      return;
    }
    response.write(event(completion('chat.completion.chunk', { delta: {} })));
    response.end(`${event({ ...completion('chat.completion.chunk', {}), choices: [], usage: USAGE })}data: [DONE]\n\n`);
  }

  private messageOf(model: string | undefined): object {
    if (model !== MODELS.callsTool) return { role: 'assistant', content: `${this.words.answer} and once more ${this.words.answer}` };
    const call = { name: 'look_up', arguments: JSON.stringify({ q: this.words.toolArguments }) };
    return { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] };
  }
}

interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
}

const BREAK_AFTER_MS = 50;
const USAGE = { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 };

function completion(object: string, choice: object): object {
  const choices = [{ index: 0, finish_reason: 'stop', ...choice }];
  return { id: 'chatcmpl-1', object, created: 1, model: 'canary', choices };
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
