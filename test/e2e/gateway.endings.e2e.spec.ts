import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/kernel/assert.js';
import { type CallRow, TestLethe, type TestTenant } from '../harness/app.js';
import { RawConnection } from '../harness/raw-http.js';
import type { CallRecord } from '../harness/upstream/call-log.js';

const messages = [{ role: 'user' as const, content: 'One two three four five six seven eight' }];
const TIMES = { LETHE_UPSTREAM_FIRST_BYTE_MS: '5000', LETHE_UPSTREAM_IDLE_MS: '400', LETHE_CALL_TOTAL_MS: '1500', LETHE_MAX_ATTEMPTS: '1' };

function startWith(onDisconnect: 'abort' | 'drain', environment: Record<string, string> = TIMES): Promise<TestLethe> {
  return TestLethe.start({ environment: { LETHE_ON_CLIENT_DISCONNECT: onDisconnect, ...environment } });
}

/** A tenant whose calls to `model` have a price. */
async function tenantFor(app: TestLethe, model: string): Promise<TestTenant> {
  const { status } = await app.api('POST', '/price-overrides', { model, inputPerMillion: '1', outputPerMillion: '2', perRequest: '0' });
  expect([201, 409]).toContain(status);
  return app.tenant();
}

async function onlyRecord(app: TestLethe, tenant: TestTenant): Promise<CallRow> {
  return (await app.records(tenant, 1))[0] as CallRow;
}

/** Calls, and leaves when `leaveAt` has come (in the answer's bytes) or after a moment when none is named. */
async function callAndLeave(app: TestLethe, tenant: TestTenant, request: object, leaveAt?: string): Promise<CallRecord> {
  const connection = await RawConnection.open(app.url);
  const before = app.upstream.calls().length;
  connection.post('/v1/chat/completions', tenant.key, JSON.stringify({ messages, ...request }));
  if (leaveAt === undefined) await expect.poll(() => app.upstream.calls().length).toBe(before + 1);
  else await expect.poll(() => connection.waiting).toContain(leaveAt);
  if (leaveAt === undefined) await new Promise((resolve) => setTimeout(resolve, 100));
  connection.close();
  return present(app.upstream.calls()[before], 'the call upstream');
}

describe('a client that leaves, with abort', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await startWith('abort');
  });
  afterAll(() => app?.stop());

  it('peers 12: in the middle of a stream: the upstream is cancelled within a second and what was measured is billed', async () => {
    const tenant = await tenantFor(app, 'scenario:drip,delayMs=30');
    const call = await callAndLeave(app, tenant, { model: 'scenario:drip,delayMs=30', stream: true, max_tokens: 1000 }, 'data: {"id"');
    const leftAt = Date.now();
    await expect.poll(() => call.outcome, { interval: 10 }).toBe('client_disconnected');
    expect(Date.now() - leftAt).toBeLessThan(1000);
    const record = await onlyRecord(app, tenant);
    expect(record).toMatchObject({ outcome: 'disconnected', usage_source: 'measured' });
    expect(record.output_tokens).toBeGreaterThan(0);
    expect(record.output_tokens).toBeLessThan(200);
    expect(Number(record.cost)).toBeGreaterThan(0);
  });

  it.each([
    ['a stream without content yet', { model: 'scenario:slow-first-byte', stream: true }],
    ['a stream without headers yet', { model: 'scenario:slow-headers', stream: true }],
    ['a whole answer', { model: 'scenario:slow-headers' }],
  ])('peers 12: %s: what it cost is unknown, neither zero nor the full prompt', async (_what, request) => {
    const tenant = await app.tenant();
    const call = await callAndLeave(app, tenant, request);
    await expect.poll(() => call.outcome).toBe('client_disconnected');
    expect(await onlyRecord(app, tenant)).toMatchObject({
      outcome: 'disconnected',
      http_status: null,
      usage_source: 'unknown',
      input_tokens: null,
      output_tokens: null,
      cost: null,
    });
  });

  it('no other target is asked for a client that is gone', async () => {
    const tenant = await app.tenant();
    await callAndLeave(app, tenant, { model: 'scenario:slow-headers' });
    expect((await onlyRecord(app, tenant)).attempts).toHaveLength(1);
  });
});

describe('a client that leaves, with drain', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await startWith('drain', { ...TIMES, LETHE_CALL_TOTAL_MS: '20000' });
  });
  afterAll(() => app?.stop());

  it.each([
    ['in the middle of a stream', { model: 'scenario:drip,delayMs=10', stream: true, max_tokens: 40 }, 'data: {"id"'],
    ['before the first content', { model: 'scenario:slow-first-byte', stream: true, max_tokens: 40 }, undefined],
    ['before a whole answer', { model: 'scenario:slow-headers', max_tokens: 40 }, undefined],
  ])('peers 12: %s: the upstream completes and the true usage is billed', async (_what, request, leaveAt) => {
    const tenant = await tenantFor(app, request.model);
    const call = await callAndLeave(app, tenant, request, leaveAt);
    const record = await onlyRecord(app, tenant);
    expect(call.outcome).toBe('completed');
    expect(record).toMatchObject({
      outcome: 'disconnected',
      usage_source: 'reported',
      input_tokens: call.generated?.promptTokens,
      output_tokens: 40,
      finish_reason: 'length',
    });
    expect(Number(record.cost)).toBeGreaterThan(0);
  });

  it('a slow client that leaves does not leave the upstream standing still', async () => {
    const tenant = await app.tenant();
    const connection = await RawConnection.open(app.url);
    connection.post('/v1/chat/completions', tenant.key, JSON.stringify({ messages, model: 'scenario:flood,tokens=2000', stream: true }));
    await expect.poll(() => connection.waiting).toContain('data: {"id"');
    connection.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    connection.close();
    expect(await onlyRecord(app, tenant)).toMatchObject({ outcome: 'disconnected', usage_source: 'reported', output_tokens: 2000 });
  });
});

describe('an upstream that breaks off', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await startWith('abort');
  });
  afterAll(() => app?.stop());

  it.each([
    ['is cut', 'scenario:cut,cutAfter=5', 'gateway/upstream_cut', 5],
    ['is reset', 'scenario:cut,cutAfter=5,cutHow=reset', 'gateway/upstream_cut', 5],
    ['ends as if it were whole, without a finish reason', 'scenario:cut-politely,cutAfter=5', 'gateway/upstream_cut', 5],
    ['falls silent', 'scenario:stall,stallAfter=5', 'gateway/upstream_timeout', 5],
    ['takes longer than a call may', 'scenario:drip,delayMs=100,tokens=1000', 'gateway/upstream_timeout', 2],
  ])(
    'peers 13: a stream that %s ends with an error the SDK throws, without [DONE], and a record of what was measured',
    async (_what, model, code, least) => {
      const tenant = await tenantFor(app, model);
      const raw = await (await app.chat(tenant, { model, messages, stream: true, max_tokens: 1000 })).text();
      expect(raw).not.toContain('[DONE]');
      const last = raw.trimEnd().split('\n').at(-1) ?? '';
      const { error } = JSON.parse(last.slice('data: '.length)) as { error: { message: string; request_id: string } };
      const [record] = (await app.records(tenant, 1)) as [CallRow];
      expect(error.request_id).toBe(record.id);
      expect(record).toMatchObject({ outcome: 'cut', http_status: 200, error_code: code, usage_source: 'measured', finish_reason: null });
      expect(record.output_tokens).toBeGreaterThanOrEqual(least);
      expect(Number(record.cost)).toBeGreaterThan(0);
    },
  );

  it('peers 13: the official SDK throws', async () => {
    const tenant = await app.tenant();
    const stream = await app.openai(tenant).chat.completions.create({ model: 'scenario:cut', messages, stream: true });
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '');
      })(),
    ).rejects.toThrow('The upstream ended the answer before it was complete.');
    expect(seen.join('')).not.toBe('');
  });

  it("an error event of the upstream's own is passed on, and the call recorded as failed with what was measured", async () => {
    const tenant = await app.tenant();
    const raw = await (await app.chat(tenant, { model: 'scenario:error-event,errorEventAfter=4', messages, stream: true })).text();
    expect(raw).toContain('"type":"server_error"');
    expect(raw).not.toContain('[DONE]');
    expect(await onlyRecord(app, tenant)).toMatchObject({
      outcome: 'failed',
      usage_source: 'measured',
      error_code: 'gateway/upstream_failed',
    });
  });

  it('a stream whose every choice has finished is whole, although no end mark follows', async () => {
    const tenant = await app.tenant();
    const frames = ['{"choices":[{"index":0,"delta":{"content":"Hi"}}]}', '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'];
    app.upstream.script(
      { model: 'scenario:silent-end' },
      { rawBody: frames.map((frame) => `data: ${frame}\n\n`).join(''), contentType: 'text/event-stream' },
    );
    const raw = await (await app.chat(tenant, { model: 'scenario:silent-end', messages, stream: true })).text();
    expect(raw).not.toContain('error');
    expect(await onlyRecord(app, tenant)).toMatchObject({ outcome: 'succeeded', finish_reason: 'stop', usage_source: 'measured' });
  });
});

describe('peers 11: usage', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await startWith('abort');
  });
  afterAll(() => app?.stop());

  it.each([false, true])('that is an explicit zero stays zero (stream: %s)', async (stream) => {
    const tenant = await tenantFor(app, 'scenario:zero-usage');
    await (await app.chat(tenant, { model: 'scenario:zero-usage', messages, stream })).text();
    expect(await onlyRecord(app, tenant)).toMatchObject({
      usage_source: 'reported',
      input_tokens: 0,
      output_tokens: 0,
      cost: '0.000000000000',
    });
  });

  it.each([false, true])('that is missing is measured, not zero (stream: %s)', async (stream) => {
    const tenant = await tenantFor(app, 'scenario:no-usage');
    await (await app.chat(tenant, { model: 'scenario:no-usage', messages, stream, max_tokens: 20 })).text();
    const record = await onlyRecord(app, tenant);
    expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'measured' });
    expect(record.input_tokens).toBeGreaterThan(5);
    expect(record.output_tokens).toBeGreaterThanOrEqual(10);
    expect(Number(record.cost)).toBeGreaterThan(0);
  });

  it('of cached and reasoning tokens is kept apart', async () => {
    const tenant = await app.tenant();
    await (await app.chat(tenant, { model: 'scenario:cached', messages })).text();
    expect(await onlyRecord(app, tenant)).toMatchObject({
      input_tokens: 2048,
      cached_input_tokens: 1024,
      output_tokens: 64,
      reasoning_tokens: 48,
    });
  });

  it('whose price is unknown has an unknown cost, which the API and the metrics show', async () => {
    const tenant = await app.tenant();
    const unknown = async () => Number(/^lethe_unknown_cost_total (\d+)$/m.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1]);
    const before = await unknown();
    await (await app.chat(tenant, { model: 'nobody-prices-this', messages })).text();
    const record = await onlyRecord(app, tenant);
    expect(record).toMatchObject({ usage_source: 'reported', cost: null, price_source: null });
    expect(await unknown()).toBe(before + 1);
    const listed = await app.api<{ data: { id: string; cost: string | null }[] }>(
      'GET',
      `/usage/requests?organisationId=${tenant.organisationId}`,
    );
    expect(listed.body.data.map(({ id, cost }) => ({ id, cost }))).toEqual([{ id: record.id, cost: null }]);
  });
});
