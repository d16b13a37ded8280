import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import { CloseGrantsJob } from '../../src/modules/content/jobs/close-grants.job.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { memberOf } from '../harness/organisations.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

const HOUR_MS = 3_600_000;
const ask = (change: object = {}) => ({ model: 'scenario:echo', messages: [{ role: 'user', content: 'hello' }], ...change });

let database: TestDatabase;
let clock: ManualClock;
let app: TestLethe;
let replica: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  clock = new ManualClock(Date.now());
  const environment = { LETHE_PROFILE: 'metadata-only' };
  app = await TestLethe.start({ databaseUrl: database.url, clock, environment });
  replica = await TestLethe.start({ databaseUrl: database.url, clock, environment, upstream: app.upstream });
});
afterAll(async () => {
  await replica?.stop();
  await app?.stop();
  await database?.drop();
});
beforeEach(async () => {
  tenant = await app.tenant();
});

const path = (of = tenant) => `/organisations/${of.organisationId}/troubleshooting-grants`;
const grant = (change: object = {}) => ({
  scope: 'organisation',
  scopeId: tenant.organisationId,
  reason: 'failing_calls',
  hours: 2,
  ...change,
});
const open = (change: object = {}) => app.api<{ id: string; endsAt: string }>('POST', path(), grant(change));

async function retentionOf(at = app, change: object = {}, key = tenant.key): Promise<string | null> {
  const answer = await at.chat({ key }, ask(change));
  await answer.text();
  return answer.headers.get('x-lethe-retention');
}

const contents = () =>
  app.rows<{ grant_id: string; expires_on: string }>(
    'SELECT grant_id, expires_on::text FROM call_granted_content WHERE organisation_id = $1',
    [tenant.organisationId],
  );

const audited = () =>
  app.rows<{ action: string; actor_kind: string }>(
    `SELECT action, actor_kind FROM audit_event WHERE organisation_id = $1 AND action LIKE 'troubleshooting_grant.%' ORDER BY id`,
    [tenant.organisationId],
  );

describe('C5: a troubleshooting grant', () => {
  it('lets payloads be kept that nothing else would keep, and inputs of calls that fail', async () => {
    expect(await retentionOf()).toBe('none');
    const { body, status } = await open();
    expect(status).toBe(201);
    await app.settled();
    expect(await retentionOf()).toBe('granted;days=7');
    expect(await retentionOf(app, { model: 'scenario:status,status=400' })).toBe('granted;days=7');
    await expect.poll(async () => (await contents()).map((row) => row.grant_id)).toEqual([body.id, body.id]);
    const [row] = await contents();
    expect(row?.expires_on).toBe(new Date(clock.nowMs() + 7 * DAY_MS).toISOString().slice(0, 10));
  });

  it('takes effect on every replica within a second, and so does closing it', async () => {
    expect(await retentionOf(replica)).toBe('none');
    const { body } = await open();
    await expect.poll(() => retentionOf(replica), { timeout: 1_000, interval: 20 }).toBe('granted;days=7');
    expect((await app.api('DELETE', `${path()}/${body.id}`)).status).toBe(204);
    await expect.poll(() => retentionOf(replica), { timeout: 1_000, interval: 20 }).toBe('none');
  });

  it('covers a project or a key and nothing else', async () => {
    const other = await app.tenant();
    await open({ scope: 'key', scopeId: tenant.keyId });
    await app.settled();
    expect([await retentionOf(), await retentionOf(app, {}, other.key)]).toEqual(['granted;days=7', 'none']);
    for (const [scope, scopeId] of [
      ['project', other.projectId],
      ['key', other.keyId],
      ['organisation', other.organisationId],
    ] as const) {
      expect([scope, (await open({ scope, scopeId })).status]).toEqual([scope, scope === 'project' ? 404 : 400]);
    }
  });

  it('closes itself at its end, at once, and that is written down once by whichever replica comes first', async () => {
    await open({ hours: 1 });
    await app.settled();
    clock.advance(HOUR_MS - 1);
    expect(await retentionOf()).toBe('granted;days=7');
    clock.advance(1);
    expect([await retentionOf(), await retentionOf(replica)]).toEqual(['none', 'none']);
    const { signal } = new AbortController();
    await Promise.all([app, replica, app].map((each) => each.lethe.get(CloseGrantsJob).run(signal)));
    expect(await audited()).toEqual([
      { action: 'troubleshooting_grant.opened', actor_kind: 'operator' },
      { action: 'troubleshooting_grant.closed', actor_kind: 'system' },
    ]);
  });

  it('closed early is written down once, however often it is closed', async () => {
    const { body } = await open();
    for (let times = 0; times < 2; times += 1) expect((await app.api('DELETE', `${path()}/${body.id}`)).status).toBe(204);
    expect((await audited()).map((row) => row.action)).toEqual(['troubleshooting_grant.opened', 'troubleshooting_grant.closed']);
    const { body: page } = await app.api<{ data: { closedAt: string | null }[] }>('GET', path());
    expect(page.data.map((each) => each.closedAt !== null)).toEqual([true]);
  });

  it('C6: gives way to a client that asks for nothing to be kept', async () => {
    await open();
    await app.settled();
    const answer = await app.chat(tenant, ask(), { headers: { 'x-lethe-retention': 'none' } });
    expect(answer.headers.get('x-lethe-retention')).toBe('none');
  });

  it.each([
    { hours: 0 },
    { hours: 169 },
    { hours: 1.5 },
    { hours: '2' },
    { scope: 'everything' },
    { scopeId: 'x' },
    { reason: 'because' },
    { reason: undefined },
    { ticket: 'about Jane Doe' },
    { ticket: '' },
    { more: 1 },
  ])('is refused when it makes no sense: %j', async (change) => {
    expect((await open(change)).status).toBe(400);
    expect(await audited()).toEqual([]);
  });

  it('is opened by owners and privacy officers alone', async () => {
    for (const [role, status] of [
      ['owner', 201],
      ['privacy_officer', 201],
      ['admin', 403],
      ['developer', 403],
    ] as const) {
      const person = await memberOf(app, tenant.organisationId, role, { secondFactorDone: true });
      expect([role, (await person.browser.request('POST', path(), grant())).status]).toEqual([role, status]);
    }
  });

  it('there are at most twenty of at a time', async () => {
    for (let count = 0; count < 20; count += 1) expect((await open()).status).toBe(201);
    expect((await open()).body).toMatchObject({ code: 'content/too_many_grants' });
  });
});

describe('a profile without them', () => {
  let strict: TestLethe;
  beforeAll(async () => {
    strict = await TestLethe.start({ environment: { LETHE_PROFILE: 'federated-credits' } });
  });
  afterAll(() => strict?.stop());

  it('C1: keeps no content at all, of no call, and makes no key to keep it under', async () => {
    const theirs = await strict.tenant();
    const refused = await strict.api('POST', path(theirs), { ...grant(), scopeId: theirs.organisationId });
    expect(refused.body).toMatchObject({ code: 'content/no_grants' });
    expect((await strict.api('PATCH', `/organisations/${theirs.organisationId}/content-setting`, { payloads: true })).body).toMatchObject({
      code: 'content/not_in_profile',
    });
    for (const model of ['scenario:echo', 'scenario:status,status=400', 'scenario:cut']) {
      expect(await retentionOf(strict, { model, stream: model.endsWith('cut') }, theirs.key)).toBe('none');
    }
    await strict.records(theirs, 3);
    for (const table of ['call_payload', 'call_failed_input', 'call_granted_content', 'content_key'])
      expect([table, await strict.rows(`SELECT 1 FROM ${table}`)]).toEqual([table, []]);
  });
});

describe('a profile that keeps inputs of failed calls only', () => {
  let strict: TestLethe;
  beforeAll(async () => {
    strict = await TestLethe.start({ environment: { LETHE_PROFILE: 'zero-retention' } });
  });
  afterAll(() => strict?.stop());

  it('C2: keeps them redacted, without the key of the caller and that of the upstream, and nothing of what succeeded', async () => {
    const theirs = await strict.tenant({ secret: 'no-known-shape-of-a-key-0001' });
    expect(await retentionOf(strict, {}, theirs.key)).toBe('none');
    const content = `mine is ${theirs.key}, yours is no-known-shape-of-a-key-0001, and password: Tr0ub4dor&3x`;
    const change = { model: 'scenario:status,status=400', messages: [{ role: 'user', content }] };
    expect(await retentionOf(strict, change, theirs.key)).toBe('failed-input;days=30;redacted');
    const records = await strict.records(theirs, 2);
    const failed = records.find((record) => record.outcome === 'failed');
    const at = `/organisations/${theirs.organisationId}/calls/${failed?.id}/content?purpose=security_review`;
    await expect.poll(async () => (await strict.api('GET', at)).status).toBe(200);
    const { body } = await strict.api<{ request: { body: string } }>('GET', at);
    expect(body.request.body).toContain('mine is');
    for (const secret of [theirs.key, 'no-known-shape-of-a-key-0001', 'Tr0ub4dor&3x']) expect(body.request.body).not.toContain(secret);
    expect(await strict.rows('SELECT 1 FROM call_payload')).toEqual([]);
  });
});
