import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/kernel/assert.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { RawConnection } from '../harness/raw-http.js';
import type { CallRecord } from '../harness/upstream/call-log.js';
import { startUpstream } from '../harness/upstream/server.js';

let app: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start();
  tenant = await app.tenant();
});
afterAll(() => app?.stop());

function lastCall(): CallRecord {
  return present(app.upstream.calls().at(-1), 'a call upstream');
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const messages = [{ role: 'user', content: 'Grüße, 世界 🙂' }];

/** The text of a stream as a client puts it together. */
function textOf(stream: string): string {
  return stream
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => (JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
    .join('');
}

/** Node hides the collector unless asked for it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('the request body', () => {
  it('goes upstream byte for byte when nothing has to change, odd spacing, escapes and unknown fields included', async () => {
    const body =
      '{ "messages":[{"role":"user","content":"\\u00e9 \\ud83d\\ude42 \\u0000"}]\n\t, "model" : "gpt-4o-mini","future_field":{"a":[1.0,1e3,-0]},"max_tokens":3 }  ';
    expect((await app.chat(tenant, body)).status).toBe(200);
    expect(lastCall().bodySha256).toBe(sha256(body));
  });

  it('of a stream that asks for usage itself goes byte for byte too', async () => {
    const body = JSON.stringify({ stream_options: { include_usage: true }, stream: true, model: 'm', messages });
    await (await app.chat(tenant, body)).text();
    expect(lastCall().bodySha256).toBe(sha256(body));
  });

  it('of another stream is changed in one place: the usage it is metered by', async () => {
    const body = '{"model":"m", "stream" :true,"messages":[{"role":"user","content":"x"}],"seed":1.50}';
    await (await app.chat(tenant, body)).text();
    expect(lastCall().body?.toString()).toBe(`{"stream_options":{"include_usage":true},${body.slice(1)}`);
  });

  it('of a model with another name upstream differs in the name alone', async () => {
    const { organisationId, credentialId } = tenant;
    await app.route(organisationId, { model: 'house-model', targets: [{ credentialId, upstreamModel: 'gpt-4o-mini-2024-07-18' }] });
    const body = '{"messages":[{"role":"user","content":"house-model"}],"model": "house-model" ,"n":1}';
    expect((await app.chat(tenant, body)).status).toBe(200);
    expect(lastCall().body?.toString()).toBe(body.replace('"model": "house-model"', '"model": "gpt-4o-mini-2024-07-18"'));
  });

  it('of several megabytes arrives whole', async () => {
    const body = JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'é'.repeat(4_000_000) }] });
    expect((await app.chat(tenant, body)).status).toBe(200);
    expect(lastCall().bodySha256).toBe(sha256(body));
  });
});

describe('C9: headers', () => {
  const PRIVATE = {
    cookie: 'session=canary-cookie',
    'user-agent': 'canary-agent/1.0',
    'x-forwarded-for': '192.0.2.77',
    forwarded: 'for=192.0.2.77',
    'x-real-ip': '192.0.2.77',
    via: '1.1 canary',
    referer: 'https://canary.example/',
    origin: 'https://canary.example',
    'x-stainless-os': 'canary',
    'x-stainless-retry-count': '1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'canary=1',
    baggage: 'user=canary',
    'accept-language': 'de-CH',
    'accept-encoding': 'gzip, br',
    'openai-organization': 'org-canary',
    'openai-project': 'proj_canary',
    'x-api-key': 'canary-key',
    'api-key': 'canary-key',
  };

  it.each([false, true])('only what the call needs goes upstream (stream: %s)', async (stream) => {
    const answer = await app.chat(
      tenant,
      { model: 'm', messages, stream },
      { headers: { ...PRIVATE, 'openai-beta': 'assistants=v2', 'x-client-request-id': 'mine-1' } },
    );
    await answer.text();
    const { headers } = lastCall();
    expect(Object.keys(headers).sort()).toEqual(
      ['accept', 'authorization', 'content-length', 'content-type', 'host', 'openai-beta', 'user-agent', 'x-client-request-id'].sort(),
    );
    const sent = JSON.stringify(headers);
    expect(sent).not.toMatch(/canary|192\.0\.2|0af7651916cd/);
    expect(sent).not.toContain(tenant.key);
    expect(headers['user-agent']).toBe('lethe');
    expect(lastCall().keyTail).toBe('0001');
  });

  it("what the official SDK says of its user's machine stays here", async () => {
    await app.openai(tenant).chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
    expect(Object.keys(lastCall().headers).filter((name) => name.startsWith('x-stainless'))).toEqual([]);
  });

  it('a header value that is no plain text is not passed on', async () => {
    const connection = await RawConnection.open(app.url);
    connection.post('/v1/chat/completions', tenant.key, JSON.stringify({ model: 'm', messages }), [
      'X-Client-Request-Id: \xe9\xff',
      'OpenAI-Beta: \xe9',
    ]);
    expect((await connection.answer()).status).toBe(200);
    connection.close();
    expect(lastCall().headers).not.toHaveProperty('x-client-request-id');
    expect(lastCall().headers).not.toHaveProperty('openai-beta');
  });

  it.each([false, true])("peers 22: of the upstream's headers the client sees the allow-listed alone (stream: %s)", async (stream) => {
    const answer = await app.chat(tenant, { model: 'm', messages, stream });
    await answer.text();
    const [record] = (await app.rows<{ id: string }>('SELECT id FROM call_record ORDER BY id DESC LIMIT 1')) as [{ id: string }];
    expect(answer.headers.get('x-request-id')).toBe(record.id);
    for (const name of ['openai-organization', 'set-cookie', 'x-ratelimit-limit-requests', 'x-ratelimit-remaining-tokens', 'server']) {
      expect(answer.headers.has(name), name).toBe(false);
    }
    expect(answer.headers.get('openai-version')).toBe('2020-10-01');
  });
});

describe('the answer', () => {
  it('of 20 MiB comes whole, and as it was', async () => {
    const answer = await app.chat(tenant, { model: 'scenario:huge', messages });
    const body = Buffer.from(await answer.arrayBuffer());
    expect(body.length).toBe(lastCall().bytesWritten);
    expect((JSON.parse(body.toString()) as { choices: unknown[] }).choices).toHaveLength(1);
  });

  it('is not asked for in compressed form, so that its usage can be read', async () => {
    expect((await app.chat(tenant, { model: 'scenario:gzip', messages })).headers.get('content-encoding')).toBeNull();
    expect(lastCall().headers).not.toHaveProperty('accept-encoding');
  });

  it.each([
    'pieces',
    'bytes',
    'merged',
    'crlf',
    'comments',
    'processing',
    'no-done',
    'deepseek',
    'groq',
    'usage-unasked',
    'tools',
    'refusal',
    'reasoning',
  ])('streamed in the manner "%s" is what the upstream sent, and metered', async (scenario) => {
    const other = await app.tenant();
    const asked = { model: `scenario:${scenario}`, messages, stream: true, max_tokens: 6, stream_options: { include_usage: true } };
    const through = await (await app.chat(other, asked)).text();
    expect(Buffer.byteLength(through)).toBe(lastCall().bytesWritten);
    const [record] = await app.records(other, 1);
    expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'reported', output_tokens: 6 });
  });

  it.each(['happy', 'bytes', 'crlf', 'comments'])(
    'hides the usage chunk from a client that did not ask, in the manner "%s"',
    async (scenario) => {
      const model = `scenario:${scenario},echo=true`;
      const through = await (await app.chat(tenant, { model, messages, stream: true })).text();
      expect(through).not.toContain('prompt_tokens');
      expect(through.trimEnd().endsWith('data: [DONE]')).toBe(true);
      expect(textOf(through).trim()).toContain('世界 🙂');
    },
  );

  it('with usage on the finish chunk keeps it, because taking it out would rewrite the chunk', async () => {
    const through = await (await app.chat(tenant, { model: 'scenario:deepseek', messages, stream: true })).text();
    expect(through).toContain('prompt_cache_hit_tokens');
  });
});

describe('large requests', () => {
  /** MB held for twenty of 1 MB each, once all their streams have begun. */
  async function heldFor(more: readonly string[], wanted: number): Promise<void> {
    const upstream = await startUpstream();
    const apart = await TestLethe.start({ upstream });
    const { key } = await apart.tenant();
    const content = 'x'.repeat(1_000_000);
    const body = JSON.stringify({ model: 'scenario:drip,tokens=400,delayMs=50', messages: [{ role: 'user', content }], stream: true });
    const heldNow = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers / 1_000_000;
    };
    const held = heldNow();
    const connections = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(apart.url)));
    for (const connection of connections) connection.post('/v1/chat/completions', key, body, more);
    for (const connection of connections) await expect.poll(() => connection.waiting.includes('chat.completion.chunk')).toBe(true);
    await expect.poll(() => heldNow() - held, { interval: 100, timeout: 8_000 }).toBeLessThan(wanted);
    for (const connection of connections) connection.close();
    await apart.stop();
    await upstream.close();
  }

  it('are let go of when their answers have begun, however long those last', () => heldFor(['x-lethe-retention: none'], 3));

  it('stay in memory once where a call that fails is kept', () => heldFor([], 23));
});

describe('a client that reads slowly', () => {
  it('slows the upstream down: no answer piles up in memory, and the rest still arrives', async () => {
    const slow = await app.tenant();
    collectGarbage();
    const held = process.memoryUsage().arrayBuffers;
    const connection = await RawConnection.open(app.url);
    const body = JSON.stringify({ model: 'scenario:flood,tokens=4000', messages, stream: true });
    connection.post('/v1/chat/completions', slow.key, body);
    await expect.poll(() => connection.waiting.length).toBeGreaterThan(0);
    connection.socket.pause();
    await expect.poll(() => lastCall().bytesWritten).toBeGreaterThan(0);
    let before = -1;
    // Until socket buffers are full and nothing moves any more.
    await expect
      .poll(() => [before === lastCall().bytesWritten, (before = lastCall().bytesWritten)][0], { interval: 250, timeout: 8_000 })
      .toBe(true);
    expect(before).toBeLessThan(24 * 1024 * 1024);
    // What is held, not what is yet to be collected: the collector frees buffers a while after it has run.
    const heldNow = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - held;
    };
    await expect.poll(heldNow, { interval: 100, timeout: 8_000 }).toBeLessThan(32 * 1024 * 1024);
    let total = connection.waiting.length;
    let tail = '';
    connection.socket.on('data', (chunk: Buffer) => {
      total += chunk.length;
      tail = (tail + chunk.toString('latin1')).slice(-64);
    });
    connection.socket.removeListener('data', connection.socket.listeners('data')[0] as () => void);
    connection.socket.resume();
    await expect.poll(() => tail.endsWith('0\r\n\r\n'), { timeout: 15_000 }).toBe(true);
    expect(total).toBeGreaterThan(60 * 1024 * 1024);
    connection.close();
    const [record] = await app.records(slow, 1);
    expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'reported', output_tokens: 4000 });
  });
});
