import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyAnomaly } from '../../src/contracts/key-anomaly.js';
import type { ApiKeyId } from '../../src/kernel/ids.js';
import { newId } from '../../src/kernel/ids.js';
import { AnswerAnomaly } from '../../src/modules/auth/core/abuse/answer-anomaly.js';
import { AuditedBlocks } from '../../src/modules/auth/core/abuse/audited-blocks.js';
import { KeyOrigins } from '../../src/modules/auth/core/abuse/key-origins.js';
import { TellOfKey } from '../../src/modules/auth/core/abuse/tell-of-key.js';
import { lowestIdAt } from '../../src/modules/usage/data/call-conditions.js';
import { WatchKeysJob } from '../../src/modules/usage/jobs/watch-keys.job.js';
import { DAY_MS } from '../../src/kernel/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { type Person, signUp } from '../harness/accounts.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { MovableClock } from '../harness/authenticator-app.js';
import { writeGeoIpDatabase } from '../harness/geoip.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { admin } from '../harness/staff.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
const HOME = '192.0.2.1';
const ABROAD = '198.51.100.1';

const clock = new MovableClock();
const lines: string[] = [];
let directory: string;
let database: TestDatabase;
let mail: MailServer;
/** Two replicas on one database; the first is a worker as well. */
let test: TestLethe;
let other: TestLethe;
let customer: Customer;

interface Customer extends TestTenant {
  readonly owner: Person;
  readonly at: string;
}

beforeAll(async () => {
  database = await createTestDatabase();
  mail = await startMailServer();
  directory = mkdtempSync(join(tmpdir(), 'lethe-geoip-'));
  const geoip = join(directory, 'test.mmdb');
  writeGeoIpDatabase(geoip, { '192.0.2.0/24': 'DE', '198.51.100.0/24': 'FR' });
  const environment = {
    LETHE_SMTP_URL: mail.url,
    LETHE_ABUSE_ACTION: 'block',
    LETHE_ABUSE_CALLS_PER_HOUR: '5',
    LETHE_GEOIP_DATABASE: geoip,
    LETHE_TRUSTED_PROXIES: '127.0.0.1/32',
  };
  const log = Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  test = await TestLethe.start({
    clock,
    log,
    databaseUrl: database.url,
    environment: { ...environment, LETHE_ROLES: 'api,gateway,worker' },
  });
  other = await TestLethe.start({
    clock,
    log,
    databaseUrl: database.url,
    upstream: test.upstream,
    environment: { ...environment, LETHE_ROOT_KEY_FILE: `${test.directory}/root-key.json` },
  });
});

afterAll(async () => {
  await other?.stop();
  await test?.stop();
  await mail?.close();
  await database?.drop();
  rmSync(directory, { recursive: true });
});

beforeEach(async () => {
  const tenant = await test.tenant();
  const owner = await signUp(test.lethe);
  await test.rows(`INSERT INTO membership VALUES ($1, $2, 'owner', 'founder', now(), now())`, [tenant.organisationId, owner.accountId]);
  const keyId = await aged(tenant.keyId);
  customer = { ...tenant, keyId, owner, at: `/organisations/${tenant.organisationId}/keys/${keyId}` };
  for (const replica of [test, other]) await untilKnownAs(replica, tenant.key, keyId);
});

/** A key that was made two days ago: its age is in its id. */
async function aged(id: string): Promise<string> {
  const older = lowestIdAt(clock.nowMs() - 2 * DAY_MS).slice(0, 18) + newId().slice(18);
  await test.rows('UPDATE api_key SET id = $2, revoked_at = NULL WHERE id = $1', [id, older]);
  return older;
}

/** Waits until a replica has heard of it. */
async function untilKnownAs(replica: TestLethe, secret: string, id: string): Promise<void> {
  await expect.poll(async () => (await replica.api('GET', '/me', undefined, secret)).body['id']).toBe(id);
}

const call = async (on = test, from?: string): Promise<{ status: number; text: string }> => {
  const answer = await on.chat(customer, CHAT, from === undefined ? {} : { headers: { 'x-forwarded-for': from } });
  return { status: answer.status, text: await answer.text() };
};

const statusOn = async (on: TestLethe): Promise<number> => (await call(on)).status;

/** How long a replica takes to answer so. */
async function until(on: TestLethe, status: number): Promise<number> {
  const startMs = performance.now();
  await expect.poll(() => statusOn(on), { timeout: 10_000, interval: 20 }).toBe(status);
  return performance.now() - startMs;
}

async function key(): Promise<{ status: string; blocked: { reason: string } | null }> {
  const { status, body } = await customer.owner.browser.get<{ status: string; blocked: { reason: string } | null }>(customer.at);
  expect(status).toBe(200);
  return body;
}

/** A sign of abuse, as the worker gets it. */
async function sign(reason: KeyAnomaly, how: { readonly settings?: Partial<Settings>; readonly atMs?: number } = {}): Promise<void> {
  const { lethe } = test;
  const settings = Object.assign(new Settings(), { abuseAction: 'block' }, how.settings);
  const answering = new AnswerAnomaly(lethe.get(UnitOfWork), lethe.get(AuditedBlocks), lethe.get(TellOfKey), settings);
  const keyId = customer.keyId as ApiKeyId;
  await answering.run({ organisationId: customer.organisationId, keyId, reason, atMs: how.atMs ?? clock.nowMs() });
}

const audited = (): Promise<{ action: string; actor_kind: string; detail: unknown }[]> =>
  test.rows(`SELECT action, actor_kind, detail FROM audit_event WHERE target_id = $1 AND action LIKE 'api_key.%' ORDER BY id`, [
    customer.keyId,
  ]);

describe('A7: a burst', () => {
  it('blocks the key, on two replicas within a second of each other, tells its organisation, and a release lets it work', async () => {
    await test.rows(`UPDATE key_habit_progress SET summed_until = now() - interval '10 minutes'`);
    for (let made = 0; made < 6; made += 1) expect(await statusOn(made % 2 === 0 ? test : other)).toBe(200);
    await test.records(customer, 6);
    clock.advance(20_000);
    await test.lethe.get(WatchKeysJob).run(new AbortController().signal);
    await expect.poll(async () => (await key()).status, { timeout: 10_000 }).toBe('blocked');
    const waits = await Promise.all([until(test, 403), until(other, 403)]);
    expect(Math.max(...waits)).toBeLessThan(1_000);

    const refused = await call();
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('blocked') });
    expect(refused.text).toContain('release');
    expect(await key()).toMatchObject({ status: 'blocked', blocked: { reason: 'burst' } });
    expect((await other.api('GET', '/me', undefined, customer.key)).body).toMatchObject({ status: 403, code: 'auth/key_blocked' });
    expect((await mail.next(customer.owner.email)).text).toContain('far more often than usual');
    const notices = await customer.owner.browser.get(`/organisations/${customer.organisationId}/notices`);
    expect(notices.body).toMatchObject({ data: [{ kind: 'key_blocked', values: { keyId: customer.keyId, reason: 'burst' } }] });

    expect(await customer.owner.browser.post(`${customer.at}/release`)).toMatchObject({
      status: 200,
      body: { status: 'active', blocked: null },
    });
    expect(Math.max(...(await Promise.all([until(test, 200), until(other, 200)])))).toBeLessThan(1_000);
    expect(await audited()).toMatchObject([
      { action: 'api_key.suspected', actor_kind: 'system', detail: { reason: 'burst' } },
      { action: 'api_key.blocked', actor_kind: 'system', detail: { reason: 'burst' } },
      { action: 'api_key.released', actor_kind: 'account', detail: { reason: 'burst' } },
    ]);
  });
});

describe('A7: a new country', () => {
  it('blocks a key that has its own, and no address is kept or told', async () => {
    const seen = () => customer.owner.browser.get<{ countries: { country: string }[] }>(`${customer.at}/countries`);
    const countries = async () => (await seen()).body.countries.map(({ country }) => country);
    expect((await call(test, HOME)).status).toBe(200);
    await expect.poll(countries, { timeout: 10_000 }).toEqual(['DE']);
    expect((await call(other, HOME)).status).toBe(200);
    expect((await call(other, '203.0.113.1')).status).toBe(200);
    expect((await key()).status).toBe('active');
    expect((await call(other, ABROAD)).status).toBe(200);
    await expect.poll(async () => (await key()).blocked?.reason, { timeout: 10_000 }).toBe('new_country');
    expect((await countries()).sort()).toEqual(['DE', 'FR']);
    await until(other, 403);

    for (const table of [
      'audit_event',
      'outbox_event',
      'organisation_notice',
      'api_key',
      'key_country',
      'webhook_event',
      'outgoing_mail',
    ]) {
      const rows = await test.rows<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
      expect([table, rows.filter(({ text }) => /192\.0\.2\.1|198\.51\.100|203\.0\.113/.test(text))]).toEqual([table, []]);
    }
    expect(lines.filter((line) => /192\.0\.2\.1\b|198\.51\.100|203\.0\.113/.test(line))).toEqual([]);
    const told = await test.rows<{ text: string }>(`SELECT detail::text AS text FROM audit_event WHERE target_id = $1`, [customer.keyId]);
    expect(told.some(({ text }) => /FR|DE/.test(text ?? ''))).toBe(false);

    await customer.owner.browser.request('DELETE', customer.at);
    expect(await test.rows('SELECT FROM key_country WHERE key_id = $1', [customer.keyId])).toEqual([]);
  });

  it('is not looked for when nobody wants to know', async () => {
    const settings = Object.assign(new Settings(), { abuseAction: 'off', geoipDatabase: 'a file that is never opened' });
    const unused = { find: () => expect.unreachable(), run: () => expect.unreachable() } as never;
    const origins = new KeyOrigins(settings, unused, unused, unused);
    origins.note({} as never, ABROAD, 0);
    await origins.flush();
  });
});

describe('A7: a release', () => {
  it('holds for the same reason until its grace is over, and for no other', async () => {
    await sign('burst');
    expect((await key()).blocked?.reason).toBe('burst');
    expect((await customer.owner.browser.post(`${customer.at}/release`)).status).toBe(200);
    clock.advance(60_000);
    await sign('burst');
    expect((await key()).status).toBe('active');
    await sign('spend');
    expect((await key()).blocked?.reason).toBe('spend');
    const again = await signUp(test.lethe);
    await test.rows(`INSERT INTO membership VALUES ($1, $2, 'developer', 'invitation', now(), now())`, [
      customer.organisationId,
      again.accountId,
    ]);
    expect((await again.browser.post(`${customer.at}/release`)).status).toBe(200);
    clock.advance(DAY_MS + 60_000);
    await sign('spend');
    const late = await signUp(test.lethe);
    await test.rows(`INSERT INTO membership VALUES ($1, $2, 'owner', 'founder', now(), now())`, [customer.organisationId, late.accountId]);
    expect((await late.browser.get(customer.at)).body).toMatchObject({ blocked: { reason: 'spend' } });
  });

  it('asks for a recent proof, and for a role that may', async () => {
    await sign('burst');
    const viewer = await signUp(test.lethe);
    await test.rows(`INSERT INTO membership VALUES ($1, $2, 'viewer', 'invitation', now(), now())`, [
      customer.organisationId,
      viewer.accountId,
    ]);
    expect(await viewer.browser.post(`${customer.at}/release`)).toMatchObject({ status: 403, body: { code: 'http/forbidden' } });
    expect((await viewer.browser.get(`${customer.at}/countries`)).status).toBe(403);
    clock.advance(11 * 60_000);
    expect(await customer.owner.browser.post(`${customer.at}/release`)).toMatchObject({
      status: 403,
      body: { code: 'http/step_up_required' },
    });
    expect((await key()).status).toBe('blocked');
  });

  it('of what is not blocked changes nothing; of what is not there, or revoked, is refused', async () => {
    expect(await customer.owner.browser.post(`${customer.at}/release`)).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(await audited()).toEqual([]);
    const nowhere = `/organisations/${customer.organisationId}/keys/${newId()}`;
    expect(await customer.owner.browser.post(`${nowhere}/release`)).toMatchObject({ status: 404, body: { code: 'auth/key_not_found' } });
    expect(await customer.owner.browser.get(`${nowhere}/countries`)).toMatchObject({ status: 404, body: { code: 'auth/key_not_found' } });
    await customer.owner.browser.request('DELETE', customer.at);
    expect(await customer.owner.browser.post(`${customer.at}/release`)).toMatchObject({ status: 409, body: { code: 'auth/key_revoked' } });
    await sign('burst');
    expect(await audited()).toMatchObject([{ action: 'api_key.revoked' }]);
  });
});

describe('A7: a sign of abuse', () => {
  it('is only told where nothing else is wanted, once however often it comes, and not at all where nobody looks', async () => {
    const atMs = clock.nowMs();
    const settings = { abuseAction: 'notify' } as const;
    await sign('spend', { atMs, settings: { abuseAction: 'off' } });
    for (let times = 0; times < 2; times += 1) await sign('spend', { atMs, settings });
    await sign('new_country', { atMs: atMs - 1, settings });
    expect(await audited()).toMatchObject([{ action: 'api_key.suspected', detail: { reason: 'spend' } }]);
    expect((await mail.next(customer.owner.email)).text).toContain('It goes on working');
    expect((await key()).status).toBe('active');
    expect(await statusOn(test)).toBe(200);
  });
});

describe('A7: the operator', () => {
  it('blocks a key, tells its organisation, and alone can release it', async () => {
    const path = `/organisations/${customer.organisationId}/keys/${customer.keyId}`;
    const send = (act: string) => admin(test, { method: 'POST', path: `${path}/${act}` });
    const blocked = await send('block');
    expect(blocked).toMatchObject({ status: 200, body: { status: 'blocked', blocked: { reason: 'operator' } } });
    expect(Object.keys(blocked.body).sort()).toEqual(['blocked', 'id', 'organisationId', 'status']);
    expect(Math.max(...(await Promise.all([until(test, 403), until(other, 403)])))).toBeLessThan(1_000);
    expect((await mail.next(customer.owner.email)).text).toContain('decided by the operator');
    expect((await send('block')).status).toBe(200);
    expect(await customer.owner.browser.post(`${customer.at}/release`)).toMatchObject({
      status: 409,
      body: { code: 'auth/key_blocked_by_operator' },
    });
    expect(await customer.owner.browser.send('POST', `/admin/v1${path}/block`)).toMatchObject({ status: 403 });
    expect(await send('release')).toMatchObject({ status: 200, body: { status: 'active', blocked: null } });
    await Promise.all([until(test, 200), until(other, 200)]);
    expect(await audited()).toMatchObject([
      { action: 'api_key.blocked', actor_kind: 'operator', detail: { reason: 'operator' } },
      { action: 'api_key.released', actor_kind: 'operator', detail: { reason: 'operator' } },
    ]);
    const foreign = await test.tenant({ route: false });
    expect(
      await admin(test, { method: 'POST', path: `/organisations/${foreign.organisationId}/keys/${customer.keyId}/block` }),
    ).toMatchObject({ status: 404 });
  });
});
