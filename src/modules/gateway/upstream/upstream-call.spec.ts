import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientPool } from '../../../platform/http-client/client-pool.js';
import { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { openAiChat } from '../dialects/openai-chat.js';
import { Cancelled } from './attempt-failure.js';
import { type AttemptEnd, UpstreamCall, type UpstreamCallOptions } from './upstream-call.js';

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

const dialect = openAiChat();
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const WHOLE = '{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}';

let server: Server;
let pool: ClientPool;
/** Each call's, found by its path. */
const behaviours: Behaviour[] = [];
/** How many requests the upstream has seen end before their answer did. */
let abandoned = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.on('close', () => (abandoned += response.writableFinished ? 0 : 1));
    request.resume();
    void behaviours[Number(request.url?.slice(1))]?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { lookup } = new OutboundAddresses([]);
  pool = new ClientPool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { lookup, connectMs: 1_000, keepAliveMs: 10_000 });
});
afterAll(() => {
  pool.destroy();
  server.closeAllConnections();
  server.close();
});

interface Result {
  readonly end: AttemptEnd;
  readonly text: string;
  readonly begins: number;
}

/** One call to an upstream that behaves like this. `during` gets the call while it runs. */
async function ask(how: Behaviour, options: Partial<UpstreamCallOptions> = {}, during?: (call: UpstreamCall) => void): Promise<Result> {
  const path = `/${behaviours.push(how) - 1}`;
  let text = '';
  let begins = 0;
  const end = await new Promise<AttemptEnd>((resolve) => {
    const stream = options.stream ?? true;
    const call = new UpstreamCall(
      {
        stream,
        firstByteMs: 2_000,
        idleMs: 150,
        maxAnswerBytes: 100_000,
        secret: 'sk-secret-0123456789',
        dialect,
        tap: { hideUsage: false, choices: 1 },
        sink: { begin: () => (begins += 1), write: (chunk) => ((text += chunk.toString()), true), onRelieved: () => undefined },
        ...options,
      },
      resolve,
    );
    pool.dispatch({ method: 'POST', path, headers: {}, body: Buffer.from('{}') }, call);
    during?.(call);
  });
  return { end, text, begins };
}

const sse = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
const classOf = ({ end }: Result): string =>
  end.kind === 'failed' ? `${end.failure.class} ${end.failure.next}` : end.kind === 'streamed' ? end.end : end.kind;

describe('memory', () => {
  it('an upstream that sends comments for ever before any content is given up, and the connection closed', async () => {
    const before = abandoned;
    const result = await ask(async (response) => {
      sse(response);
      while (!response.destroyed) if (!response.write(`: ${'x'.repeat(8_000)}\n\n`)) await sleep(1);
    });
    expect([classOf(result), result.begins]).toEqual(['too_large stop', 0]);
    await expect.poll(() => abandoned).toBe(before + 1);
  });

  it('so is one whose error, or whose answer, has no end', async () => {
    const endless = async (response: ServerResponse) => {
      while (!response.destroyed) if (!response.write('x'.repeat(8_000))) await sleep(1);
    };
    const error = await ask((response) => endless(response.writeHead(500)));
    expect(classOf(error)).toBe('status_500 retry');
    const answer = await ask((response) => endless(response.writeHead(200, { 'content-type': 'application/json' })), { stream: false });
    expect(classOf(answer)).toBe('too_large stop');
  });

  it('and one whose event has no end, once content has passed, is cut', async () => {
    const result = await ask(
      async (response) => {
        sse(response).write(CONTENT);
        while (!response.destroyed) if (!response.write('x'.repeat(8_000))) await sleep(1);
      },
      { tap: { hideUsage: false, choices: 1, maxEventBytes: 50_000 } },
    );
    expect([classOf(result), result.text]).toEqual(['cut', CONTENT]);
  });
});

describe('the end', () => {
  it('of a stream whose every choice has finished is complete, although its connection lingers', async () => {
    const result = await ask((response) => void sse(response).write(CONTENT + FINISH));
    expect([classOf(result), result.text]).toEqual(['complete', CONTENT + FINISH]);
  });

  it('peers 13: of a stream that falls silent before is a time-out', async () => {
    expect(classOf(await ask((response) => void sse(response).write(CONTENT)))).toBe('timeout');
  });

  it('of an error whose body breaks off, or never ends, is that error', async () => {
    const broken = await ask((response) => {
      response.writeHead(503, { 'content-length': 100 }).write('{"error"');
      setTimeout(() => response.destroy(), 20);
    });
    const silent = await ask((response) => void response.writeHead(401).write('{"error"'));
    expect([classOf(broken), classOf(silent)]).toEqual(['status_503 retry', 'status_401 other']);
  });

  it('of a call that was cancelled before it was sent is that of a call that was not sent', async () => {
    const result = await ask(
      () => undefined,
      {},
      (call) => call.cancel(new Cancelled('client_gone')),
    );
    expect(result.end).toMatchObject({ kind: 'failed', failure: { class: 'client_gone', next: 'stop', mayHaveBilled: false } });
  });

  it('of a call that is cancelled on its way closes the connection at once', async () => {
    const before = abandoned;
    const result = await ask(
      (response) => void sse(response).write(CONTENT),
      { idleMs: 5_000 },
      (call) => setTimeout(() => call.cancel(new Cancelled('shutdown')), 100),
    );
    expect(classOf(result)).toBe('shutdown');
    await expect.poll(() => abandoned).toBe(before + 1);
  });
});

describe('what passes', () => {
  it('is each call’s own, whoever else reads meanwhile', async () => {
    const parts = (text: string, isStream: boolean): Behaviour => {
      const half = Math.ceil(text.length / 2);
      return async (response) => {
        if (isStream) sse(response);
        else response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
        response.write(text.slice(0, half));
        await sleep(30);
        response.end(text.slice(half));
      };
    };
    const whole = (model: string) => WHOLE.replace('{', `{"model":"${model}",`);
    const results = await Promise.all([
      ...['one', 'two', 'three'].map((model) => ask(parts(whole(model), false), { stream: false })),
      ...['four', 'five'].map((word) => ask(parts(CONTENT.replace('Hi', word) + FINISH, true))),
    ]);
    const said = results.map(({ end, text }) => (end.kind === 'whole' ? [end.facts.model, end.body.toString()] : text));
    expect(said).toEqual([
      ...['one', 'two', 'three'].map((model) => [model, whole(model)]),
      ...['four', 'five'].map((word) => CONTENT.replace('Hi', word) + FINISH),
    ]);
  });

  it('peers 22: is never the gateway’s credential, quoted in an error behind content', async () => {
    const error = 'data: {"error":{"message":"wrong key: sk-secret-0123456789"}}';
    for (const ending of ['\n\n', '\n', '']) {
      const result = await ask(async (response) => {
        sse(response).write(CONTENT);
        await sleep(20);
        response.end(error + ending);
      });
      expect([classOf(result), result.text]).toEqual(['cut', CONTENT]);
    }
  });

  it('is an error in the provider’s own words, otherwise', async () => {
    const error = 'data: {"error":{"message":"no more"}}\n\n';
    const result = await ask((response) => void sse(response).end(CONTENT + error));
    expect([classOf(result), result.text]).toEqual(['error', CONTENT + error]);
  });
});

describe('what is no answer', () => {
  it.each<[string, boolean, Behaviour]>([
    [
      'a compressed stream',
      true,
      (response) => void response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end('x'),
    ],
    [
      'a compressed answer',
      false,
      (response) => void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }).end('x'),
    ],
    ['a stream for a client that wants none', false, (response) => void sse(response).end(CONTENT)],
    [
      'a whole answer for a client that wants a stream',
      true,
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(WHOLE),
    ],
    ['an empty body', false, (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end()],
    ['JSON of another kind', false, (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')],
  ])('%s leaves the turn to another target', async (_what, stream, how) => {
    const result = await ask(how, { stream });
    expect([classOf(result), result.begins]).toEqual(['invalid retry', 0]);
  });

  it('early hints are not an answer, and what follows them is', async () => {
    const result = await ask(
      (response) => {
        response.writeEarlyHints({ link: '</x>; rel=preload' });
        setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(WHOLE), 20);
      },
      { stream: false },
    );
    expect(classOf(result)).toBe('whole');
  });
});

describe('a client that reads slowly', () => {
  it('does not make the upstream look silent, and gets what was held back', async () => {
    let relieve: () => void = () => undefined;
    let text = '';
    const sink: UpstreamCallOptions['sink'] = {
      begin: () => undefined,
      write: (chunk) => ((text += chunk.toString()), false),
      onRelieved: (resume) => void (relieve = resume),
    };
    const relieving = setInterval(() => relieve(), 400);
    const result = await ask((response) => void sse(response).end(CONTENT + FINISH), { sink, idleMs: 100 });
    clearInterval(relieving);
    expect([classOf(result), text]).toEqual(['complete', CONTENT + FINISH]);
  });
});
