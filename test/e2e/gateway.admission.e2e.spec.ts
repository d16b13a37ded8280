import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialAdministration } from '../../src/modules/credentials/credentials.contract.js';
import { OutboundAddresses } from '../../src/platform/http/outbound-address.js';
import { TestLethe, type TestTenant } from '../harness/app.js';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const GOOD = { model: 'm', messages, max_tokens: 5 };
/** Within which a change of rights has to show on every replica (K4). */
const K4_MS = 1_000;

let app: TestLethe;
/** Another process on the same database, with the same root key. */
function startReplica(environment: Record<string, string> = {}): Promise<TestLethe> {
  const databaseUrl = app.lethe.settings.databaseUrl as string;
  return TestLethe.start({
    databaseUrl,
    upstream: app.upstream,
    environment: { LETHE_ROOT_KEY_FILE: join(app.directory, 'root-key.json'), ...environment },
  });
}

/** A second replica on the same database. */
let replica: TestLethe;
beforeAll(async () => {
  app = await TestLethe.start();
  replica = await startReplica();
});
afterAll(async () => {
  await replica?.stop();
  await app?.stop();
});

async function failureOf(tenant: TestTenant, on = app): Promise<{ status: number; code: string | null; headers: Headers }> {
  return on
    .openai(tenant)
    .chat.completions.create(GOOD)
    .then(
      () => ({ status: 200, code: null, headers: new Headers() }),
      (error: unknown) => error as never,
    );
}

describe('who may call', () => {
  it('a key without the scope inference:invoke gets 403, for calls and for models', async () => {
    const tenant = await app.tenant({ key: { scopes: ['usage:read'] } });
    expect(await failureOf(tenant)).toMatchObject({ status: 403, code: 'permission_denied' });
    await expect(app.openai(tenant).models.list()).rejects.toMatchObject({ status: 403 });
    expect(await app.records(tenant, 0)).toEqual([]);
  });

  it('an expired key gets 401', async () => {
    const tenant = await app.tenant({ key: { expiresAt: new Date(Date.now() + 400) } });
    expect(await failureOf(tenant)).toMatchObject({ status: 200 });
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await failureOf(tenant)).toMatchObject({ status: 401, code: 'invalid_api_key' });
  });

  it('a key with an address allow-list is refused from elsewhere', async () => {
    const tenant = await app.tenant({ key: { allowedNetworks: ['192.0.2.0/24'] } });
    expect(await failureOf(tenant)).toMatchObject({ status: 403 });
  });

  it('K4: a revoked key stops within a second on every replica', async () => {
    const tenant = await app.tenant();
    await replica.settled();
    expect([(await failureOf(tenant)).status, (await failureOf(tenant, replica)).status]).toEqual([200, 200]);
    expect((await app.api('DELETE', `/organisations/${tenant.organisationId}/keys/${tenant.keyId}`)).status).toBeLessThan(300);
    const revokedAt = Date.now();
    await expect
      .poll(async () => [(await failureOf(tenant)).status, (await failureOf(tenant, replica)).status], { interval: 20 })
      .toEqual([401, 401]);
    expect(Date.now() - revokedAt).toBeLessThan(K4_MS);
  });

  it('a suspended organisation is refused within a second, and let through again', async () => {
    const tenant = await app.tenant();
    const set = (status: string) => app.api('PATCH', `/organisations/${tenant.organisationId}`, { status });
    await set('suspended');
    const suspendedAt = Date.now();
    await expect.poll(async () => (await failureOf(tenant, replica)).status, { interval: 20 }).toBe(403);
    expect(Date.now() - suspendedAt).toBeLessThan(K4_MS);
    await set('active');
    await expect.poll(async () => (await failureOf(tenant, replica)).status, { interval: 20 }).toBe(200);
  });
});

describe('rate limits', () => {
  const limit = (tenant: TestTenant, requestsPerMinute: number | null, tokensPerMinute: number | null) =>
    app.api('PUT', `/organisations/${tenant.organisationId}/rate-limits/organisation/${tenant.organisationId}`, {
      requestsPerMinute,
      tokensPerMinute,
    });

  it.each([false, true])('are said in the headers of every answer (stream: %s), and of the refusal', async (stream) => {
    const tenant = await app.tenant();
    expect((await limit(tenant, 2, 10_000)).status).toBeLessThan(300);
    await app.settled();
    const first = await app.chat(tenant, { ...GOOD, stream });
    await first.text();
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(first.headers.get('x-ratelimit-limit-tokens')).toBe('10000');
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+s$/);
    const failing = await app.chat(tenant, { ...GOOD, model: 'scenario:status,status=401' });
    await failing.text();
    expect([failing.status, failing.headers.get('x-ratelimit-remaining-requests')]).toEqual([502, '0']);
    const refused = await app.chat(tenant, GOOD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(refused.headers.get('x-should-retry')).toBeNull();
    expect(((await refused.json()) as { error: { code: string } }).error.code).toBe('rate_limit_exceeded');
    await app.records(tenant, 2);
  });

  it('peers 7: give back the tokens of a call that was refused for its budget', async () => {
    const tenant = await app.tenant();
    await limit(tenant, null, 1_000);
    await app.api('POST', '/price-overrides', { model: 'dear-1', inputPerMillion: '1000', outputPerMillion: '1000', perRequest: '0' });
    await app.api('POST', `/organisations/${tenant.organisationId}/budgets`, {
      scope: 'organisation',
      kind: 'hard',
      period: 'total',
      limit: '0.01',
    });
    await app.settled();
    for (let call = 0; call < 3; call += 1) expect(await failureOf({ ...tenant }, app)).toMatchObject({ status: 400 });
    for (let call = 0; call < 3; call += 1) {
      const answer = await app.chat(tenant, { model: 'dear-1', messages, max_tokens: 900 });
      expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([429, 'insufficient_quota']);
    }
  });
});

describe('budgets', () => {
  it('that are spent are insufficient_quota, which the SDK is told not to retry', async () => {
    const tenant = await app.tenant();
    await app.api('POST', '/price-overrides', { model: 'dear-2', inputPerMillion: '1000', outputPerMillion: '1000', perRequest: '0' });
    await app.api('POST', `/organisations/${tenant.organisationId}/budgets`, {
      scope: 'organisation',
      kind: 'hard',
      period: 'daily',
      limit: '0.001',
    });
    await app.settled();
    const before = app.upstream.calls().length;
    const began = Date.now();
    const failure = await app
      .openai(tenant, { maxRetries: 3 })
      .chat.completions.create({ ...GOOD, model: 'dear-2' })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    expect((failure as { headers: Headers }).headers.get('x-should-retry')).toBe('false');
    expect(Number((failure as { headers: Headers }).headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(app.upstream.calls().length).toBe(before);
    expect(await app.records(tenant, 0)).toEqual([]);
  });

  it('that are hard refuse a model whose price nobody knows', async () => {
    const tenant = await app.tenant();
    await app.api('POST', `/organisations/${tenant.organisationId}/budgets`, {
      scope: 'organisation',
      kind: 'hard',
      period: 'daily',
      limit: '1',
    });
    await app.settled();
    const answer = await app.chat(tenant, { ...GOOD, model: 'nobody-prices-this' });
    expect([answer.status, ((await answer.json()) as { error: { param: string } }).error.param]).toEqual([400, 'model']);
  });
});

describe('SSRF: a base URL that a user gave', () => {
  const ACTOR = { kind: 'system', id: 'test' } as const;
  const issue = (on: TestLethe, tenant: TestTenant, baseUrl: string) =>
    on.api('POST', `/organisations/${tenant.organisationId}/credentials`, {
      name: `c${Math.random()}`,
      provider: 'openai_compatible',
      secret: 'sk-ssrf-000000',
      baseUrl,
    });

  it.each([
    'http://10.0.0.1/v1',
    'http://169.254.169.254/latest',
    'https://[fd00::1]/v1',
    'https://192.168.1.1',
    'http://0x7f.1.2.3:1/v1',
    'https://100.64.0.1/v1',
    'ftp://example.com',
    'https://user:pw@example.com/v1',
  ])('%s is refused when it is stored, with the field named', async (baseUrl) => {
    const tenant = await app.tenant();
    const answer = await issue(app, tenant, baseUrl);
    // 0x7f.1.2.3 is 127.1.2.3, which development allows.
    if (baseUrl.includes('0x7f')) return expect(answer.status).toBe(201);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('baseUrl');
  });

  it('that was allowed once is refused at the call when it is no longer, and nothing is sent', async () => {
    const tenant = await app.tenant({ route: false });
    const { id } = await app.lethe.get(CredentialAdministration).issue(ACTOR, tenant.organisationId, {
      name: 'private',
      provider: 'openai_compatible',
      secret: 'sk-ssrf-000000',
      baseUrl: app.upstream.url,
    });
    await app.route(tenant.organisationId, { model: '*', targets: [{ credentialId: id }] });
    const strict = await startReplica({ LETHE_UPSTREAM_PRIVATE_NETWORKS: '10.9.0.0/16' });
    const before = app.upstream.calls().length;
    const answer = await strict.chat(tenant, GOOD);
    await strict.stop();
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('127.0.0.1');
    expect(app.upstream.calls().length).toBe(before);
    const [record] = await app.records(tenant, 1);
    expect(record).toMatchObject({ outcome: 'failed', usage_source: 'none', attempts: [{ outcome: 'outbound_address_not_allowed' }] });
  });

  it('whose name points into a private network by the time of the connection is not connected to (DNS rebinding)', async () => {
    const guard = new OutboundAddresses([]);
    const failure = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      const socket = connect({ host: 'localhost', port: app.upstream.port, lookup: guard.lookup });
      socket.once('error', resolve);
      socket.once('connect', () => reject(new Error('connected')));
    });
    expect(failure.code).toBe('EADDRNOTALLOWED');
  });

  it('is not followed to where a redirect points', async () => {
    const tenant = await app.tenant();
    const before = app.upstream.calls().length;
    const answer = await app.chat(tenant, {
      ...GOOD,
      model: `scenario:redirect,redirectTo=${encodeURIComponent(`${app.upstream.url}/chat/completions`)}`,
    });
    expect(answer.status).toBe(502);
    expect(app.upstream.calls().length).toBe(before + 1);
  });
});
