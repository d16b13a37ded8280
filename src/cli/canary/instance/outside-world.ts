import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { kernelErrors } from '../../../kernel/errors.js';

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

/** Everybody Lethe talks to, on one port of this machine: a provider, a collector of traces, a receiver of webhooks. */
export class OutsideWorld {
  /** What came to each of them, whole. */
  private readonly received = new Map<string, Buffer[]>([
    ['provider', []],
    ['traces', []],
    ['webhooks', []],
  ]);
  private receivedBytes = 0;

  private constructor(
    private readonly server: Server,
    private readonly words: ProviderWords,
  ) {}

  static async open(words: ProviderWords): Promise<OutsideWorld> {
    const server = createServer((request, response) => {
      world.answer(request, response).catch(() => response.destroy());
    });
    const world = new OutsideWorld(server, words);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  heardBy(who: 'provider' | 'traces' | 'webhooks'): Buffer {
    return Buffer.concat(this.received.get(who) ?? []);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await this.bodyOf(request);
    const who = path.startsWith('/v1/chat/') ? 'provider' : path.startsWith('/v1/traces') ? 'traces' : 'webhooks';
    this.received.get(who)?.push(Buffer.from(`${path}\n${request.rawHeaders.join('\n')}\n\n`), body);
    if (who === 'provider') this.complete(JSON.parse(body.toString('utf8')) as Asked, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
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
