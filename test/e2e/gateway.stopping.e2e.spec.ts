import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CallRow, TestLethe, type TestTenant } from '../harness/app.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { RawConnection } from '../harness/raw-http.js';
import { startUpstream, type Upstream } from '../harness/upstream/server.js';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const CHAT = '/v1/chat/completions';

describe('the settlement', () => {
  let app: TestLethe;
  let tenant: TestTenant;
  beforeAll(async () => {
    app = await TestLethe.start();
    tenant = await app.tenant();
  });
  afterAll(() => app?.stop());

  it.each([false, true])('is in Postgres when the client has the last byte (stream: %s)', async (stream) => {
    for (let call = 0; call < 10; call += 1) {
      const answer = await app.chat(tenant, { model: 'm', messages, stream });
      await answer.text();
      const found = await app.rows('SELECT 1 FROM call_record WHERE id = $1', [answer.headers.get('x-request-id')]);
      expect(found).toHaveLength(1);
    }
  });

  it('holds back the last byte, and nothing before it, while the ledger cannot take it', async () => {
    const connection = await RawConnection.open(app.url);
    connection.post(CHAT, tenant.key, JSON.stringify({ model: 'scenario:drip,delayMs=40', messages, stream: true, max_tokens: 8 }));
    await expect.poll(() => connection.waiting).toContain('"content"');
    const blocker = new pg.Client({ connectionString: app.lethe.settings.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE call_record IN EXCLUSIVE MODE');
    await expect.poll(() => connection.waiting).toContain('"finish_reason":"length"');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(connection.waiting).not.toContain('[DONE]');
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect((await connection.answer()).body).toContain('[DONE]');
    connection.close();
  });

  it('U3: a call that is over more than once is settled once', async () => {
    const other = await app.tenant();
    // The client leaves at the moment the answer ends.
    for (let call = 0; call < 10; call += 1) {
      const connection = await RawConnection.open(app.url);
      connection.post(CHAT, other.key, JSON.stringify({ model: 'm', messages, stream: true, max_tokens: 3 }));
      await expect.poll(() => connection.waiting, { interval: 1 }).toContain('"content"');
      connection.close();
    }
    expect(await app.records(other, 10)).toHaveLength(10);
  });
});

describe('a stop', () => {
  let database: TestDatabase;
  let upstream: Upstream;
  let app: TestLethe;
  let tenant: TestTenant;
  let observer: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await startUpstream();
    observer = new pg.Pool({ connectionString: database.url, max: 1 });
  });
  afterEach(() => app?.stop());
  afterAll(async () => {
    await observer.end();
    await upstream?.close();
    await database?.drop();
  });

  async function start(environment: Record<string, string>): Promise<void> {
    app = await TestLethe.start({ databaseUrl: database.url, upstream, environment });
    tenant = await app.tenant();
  }

  async function records(): Promise<CallRow[]> {
    expect((await observer.query('SELECT 1 FROM call_intent WHERE organisation_id = $1', [tenant.organisationId])).rowCount).toBe(0);
    return (await observer.query<CallRow>('SELECT * FROM call_record WHERE organisation_id = $1', [tenant.organisationId])).rows;
  }

  it('waits for a stream in flight, refuses new calls on open connections, and settles all', async () => {
    await start({ LETHE_SHUTDOWN_SECONDS: '10' });
    const [streaming, idle] = [await RawConnection.open(app.url), await RawConnection.open(app.url)];
    // A request that is half in keeps its connection from being taken for idle.
    idle.send(`POST ${CHAT} HTTP/1.1\r\nHost: x\r\n`);
    streaming.post(CHAT, tenant.key, JSON.stringify({ model: 'scenario:drip,delayMs=50', messages, stream: true, max_tokens: 20 }));
    await expect.poll(() => streaming.waiting).toContain('"content"');
    const stopped = app.lethe.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    idle.send(`Authorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
    const refused = await idle.answer();
    expect([refused.status, refused.headers.get('connection'), Number(refused.headers.get('retry-after'))]).toEqual([503, 'close', 1]);
    expect((await streaming.answer()).body).toContain('[DONE]');
    await stopped;
    expect(await records()).toMatchObject([{ outcome: 'succeeded', usage_source: 'reported', output_tokens: 20 }]);
  });

  it('peers 9: past its patience cuts what is left with an error the client can read, and settles it', async () => {
    await start({ LETHE_SHUTDOWN_SECONDS: '0' });
    const streaming = await app.chat(tenant, { model: 'scenario:drip,delayMs=50', messages, stream: true, max_tokens: 1000 });
    const reader = (streaming.body as ReadableStream<Uint8Array>).getReader();
    let text = Buffer.from((await reader.read()).value as Uint8Array).toString();
    const waiting = app.chat(tenant, { model: 'scenario:slow-headers,headerDelayMs=20000', messages });
    await expect.poll(() => upstream.calls().filter((call) => call.outcome === undefined)).toHaveLength(2);
    const began = Date.now();
    const stopped = app.lethe.stop();
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += Buffer.from(read.value).toString();
    expect(text).not.toContain('[DONE]');
    expect(text.trimEnd().split('\n').at(-1)).toContain('The gateway stopped before the answer ended.');
    expect((await waiting).status).toBe(502);
    await stopped;
    expect(Date.now() - began).toBeLessThan(4_000);
    const rows = await records();
    expect(
      rows.map(({ outcome, usage_source, cost }) => ({ outcome, usage_source, cost })).sort((a, b) => (a.outcome < b.outcome ? -1 : 1)),
    ).toEqual([
      { outcome: 'cut', usage_source: 'measured', cost: null },
      { outcome: 'failed', usage_source: 'unknown', cost: null },
    ]);
  });

  it('does not wait for a client that sends its body slowly', async () => {
    await start({ LETHE_SHUTDOWN_SECONDS: '0' });
    const slow = await RawConnection.open(app.url);
    slow.send(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = Date.now();
    const stopped = app.lethe.stop();
    expect((await slow.answer()).status).toBe(503);
    await stopped;
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await records()).toEqual([]);
  });

  it('is not what an overloaded process does: it answers 503 with Retry-After, and goes on', async () => {
    await start({ LETHE_MAX_INFLIGHT_CALLS: '2' });
    const slow = { model: 'scenario:slow-headers,headerDelayMs=400', messages };
    const answers = await Promise.all([1, 2, 3, 4].map(() => app.chat(tenant, slow)));
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 200, 503, 503]);
    const refused = answers.find((answer) => answer.status === 503);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(await refused?.json()).toMatchObject({ error: { code: 'service_unavailable' } });
    expect((await app.chat(tenant, { model: 'm', messages })).status).toBe(200);
  });
});
