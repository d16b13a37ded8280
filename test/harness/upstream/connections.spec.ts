import { request as openRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startUpstream, type Upstream } from './server.ts';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

interface Heard {
  /** The body's writes, as they arrived. */
  readonly pieces: Buffer[];
  readonly complete: boolean;
  readonly headMs: number;
  readonly firstByteMs: number | undefined;
}

/** Sends a call and hands over the answer as soon as its headers are there. */
function open(model: string, stream = true): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = openRequest(
      `${upstream.url}/chat/completions`,
      { method: 'POST', agent: false, headers: { authorization: 'Bearer sk-test-connections' } },
      resolve,
    );
    req.on('error', reject);
    req.end(JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] }));
  });
}

async function listen(model: string, stream = true): Promise<Heard> {
  const begun = performance.now();
  const answer = await open(model, stream);
  const headMs = performance.now() - begun;
  const pieces: Buffer[] = [];
  let firstByteMs: number | undefined;
  answer.on('data', (piece: Buffer) => {
    firstByteMs ??= performance.now() - begun;
    pieces.push(piece);
  });
  await new Promise<void>((resolve) => void answer.on('close', () => resolve()).on('error', () => undefined));
  return { pieces, complete: answer.complete, headMs, firstByteMs };
}

const textOf = (heard: Heard) => Buffer.concat(heard.pieces).toString();
const contentChunks = (text: string) => text.split('"delta":{"content":"').length - 1;

describe('chunking on the wire', () => {
  test('one byte at a time means one byte a piece', async () => {
    const heard = await listen('scenario:bytes,tokens=3');
    expect(heard.pieces.every((piece) => piece.length === 1)).toBe(true);
    expect(textOf(heard)).toMatch(/data: \[DONE]\n\n$/);
  });

  test('pieces fall inside lines and inside characters', async () => {
    const heard = await listen('scenario:pieces,tokens=32');
    expect(heard.pieces.some((piece) => piece.toString().endsWith('\uFFFD'))).toBe(true);
    expect(heard.pieces.filter((piece) => !piece.toString().endsWith('\n')).length).toBeGreaterThan(100);
    expect(textOf(heard)).toContain('🌿');
  });

  test('merged writes carry several events', async () => {
    const heard = await listen('scenario:merged,delayMs=2');
    expect(heard.pieces[0]!.toString().match(/^data: /gm)).toHaveLength(4);
  });

  test('CRLF, bare CR and comments keep the events apart', async () => {
    expect(textOf(await listen('scenario:crlf'))).toMatch(/^data: [^\n]+\r\n\r\ndata: /);
    expect(textOf(await listen('scenario:happy,eol=cr'))).not.toContain('\n');
    expect(textOf(await listen('scenario:processing'))).toMatch(/^: OPENROUTER PROCESSING\n\ndata: /);
  });

  test('the end mark can be missing', async () => {
    const heard = await listen('scenario:no-done');
    expect([heard.complete, textOf(heard).includes('[DONE]')]).toEqual([true, false]);
  });
});

describe('cuts', () => {
  test.each(['destroy', 'reset'])('a stream cut by %s after three content chunks is incomplete', async (how) => {
    const heard = await listen(`scenario:cut,cutHow=${how},delayMs=5`);
    expect([heard.complete, contentChunks(textOf(heard))]).toEqual([false, 3]);
    await upstream.idle();
    expect(upstream.calls()[0]).toMatchObject({
      outcome: 'cut',
      contentChunks: 3,
      generated: { completionTokens: 3 },
      reported: undefined,
    });
  });

  test('peers 13: a stream can end politely and still be cut', async () => {
    const heard = await listen('scenario:cut-politely');
    expect([heard.complete, textOf(heard).includes('"finish_reason":"stop"')]).toEqual([true, false]);
  });

  test('peers 14: a stream can die after its headers, before or after the role chunk', async () => {
    const bare = await listen('scenario:cut-after-headers');
    expect([bare.complete, textOf(bare)]).toEqual([false, '']);
    const role = await listen('scenario:cut,cutAfter=0');
    expect([role.complete, textOf(role).match(/^data: /gm)?.length]).toEqual([false, 1]);
  });

  test('a cut inside a JSON body leaves half of it', async () => {
    const heard = await listen('scenario:cut', false);
    expect(heard.complete).toBe(false);
    expect(() => JSON.parse(textOf(heard))).toThrow(SyntaxError);
    await upstream.idle();
    expect(upstream.calls()[0]).toMatchObject({ outcome: 'cut', generated: { completionTokens: 16 }, reported: undefined });
  });

  test('a reset comes before the status line', async () => {
    await expect(open('scenario:reset')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await upstream.idle();
    expect(upstream.calls()[0]).toMatchObject({ outcome: 'cut', status: undefined });
  });
});

describe('slowness', () => {
  test('headers can be late', async () => {
    expect((await listen('scenario:slow-headers,headerDelayMs=150')).headMs).toBeGreaterThan(145);
  });

  test('headers can be there and the first byte late', async () => {
    const heard = await listen('scenario:slow-first-byte,firstByteDelayMs=200');
    expect(heard.headMs).toBeLessThan(heard.firstByteMs! - 100);
  });

  test('a stall sends no more and keeps the socket until the caller leaves', async () => {
    const answer = await open('scenario:stall');
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece)).on('error', () => undefined);
    await sleep(150);
    expect(contentChunks(Buffer.concat(pieces).toString())).toBe(3);
    expect(upstream.calls()[0]?.outcome).toBeUndefined();
    answer.destroy();
    await upstream.idle();
    expect(upstream.calls()[0]).toMatchObject({ outcome: 'client_disconnected', tokensAtDisconnect: 3 });
  });

  test('a stall can end', async () => {
    expect((await listen('scenario:stall,stallMs=30')).complete).toBe(true);
  });
});

describe('a flood', () => {
  test('stops while nobody reads, and goes on when somebody does', async () => {
    const answer = await open('scenario:flood,tokens=4000');
    answer.pause();
    await sleep(300);
    const standing = upstream.calls()[0]!.bytesWritten;
    expect(standing).toBeLessThan(30 * 1024 * 1024);
    await sleep(100);
    expect(upstream.calls()[0]!.bytesWritten).toBe(standing);
    let bytes = 0;
    for await (const piece of answer) bytes += (piece as Buffer).length;
    await upstream.idle();
    expect(bytes).toBeGreaterThan(60 * 1024 * 1024);
    expect(upstream.calls()[0]).toMatchObject({ bytesWritten: bytes, outcome: 'completed' });
  });

  test('one body can be huge', async () => {
    const heard = await listen('scenario:huge', false);
    expect(textOf(heard).length).toBeGreaterThan(20 * 1024 * 1024);
  });
});

describe('a caller who leaves', () => {
  async function leaveAfterFive(model: string) {
    const answer = await open(model);
    let text = '';
    answer.on('error', () => undefined);
    answer.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (contentChunks(text) >= 5) answer.destroy();
    });
    await new Promise<void>((resolve) => void answer.on('close', () => resolve()));
    await upstream.idle();
    return upstream.calls()[0]!;
  }

  test('stops the generation, and the tokens made so far are on record', async () => {
    const call = await leaveAfterFive('scenario:stop-when-left');
    expect(call.outcome).toBe('client_disconnected');
    expect(call.tokensAtDisconnect).toBeGreaterThanOrEqual(5);
    expect(call.generated?.completionTokens).toBe(call.tokensAtDisconnect);
    expect(call.generated?.completionTokens).toBeLessThan(20);
  });

  test('does not stop an upstream that finishes anyway', async () => {
    const call = await leaveAfterFive('scenario:finish-anyway');
    expect(call.outcome).toBe('client_disconnected');
    expect(call.tokensAtDisconnect).toBeLessThan(20);
    expect(call.generated?.completionTokens).toBe(50);
  });
});
