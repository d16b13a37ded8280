import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetentionWindows } from '../../src/contracts/retention-windows.js';
import { DAY_MS, utcDay } from '../../src/kernel/clock.js';
import { RefileRows } from '../../src/modules/retention/core/purge/refile-rows.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { signUp } from '../harness/accounts.js';
import { memberOf } from '../harness/organisations.js';
import { createTestDatabase } from '../harness/postgres.js';

interface Policy {
  readonly profile: string;
  readonly plan: string;
  readonly windows: readonly {
    readonly dataClass: string;
    readonly days: number;
    readonly planDays: number;
    readonly longestDays: number;
  }[];
}

let app: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start({ environment: { LETHE_PROFILE: 'enterprise' } });
  tenant = await app.tenant();
});

afterAll(() => app?.stop());

const days = (policy: Policy, dataClass: string): number | undefined => policy.windows.find((each) => each.dataClass === dataClass)?.days;
const at = (id: string = tenant.organisationId): string => `/organisations/${id}/retention`;

async function putOnPlan(plan: unknown, id: string = tenant.organisationId): Promise<{ status: number; body: Policy & { code?: string } }> {
  const answer = await fetch(`${app.url}/admin/v1/organisations/${id}/plan`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${app.operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ plan }),
  });
  return { status: answer.status, body: (await answer.json()) as Policy };
}

/** Waits until this process counts so many days. */
async function untilDays(dataClass: 'request_metadata' | 'payload', wanted: number, id = tenant.organisationId): Promise<void> {
  await expect.poll(() => app.lethe.get(RetentionWindows).days(dataClass, id), { timeout: 2_000, interval: 10 }).toBe(wanted);
}

async function expiryOfNextCall(): Promise<string> {
  const before = (await app.rows('SELECT FROM call_record WHERE organisation_id = $1', [tenant.organisationId])).length;
  await (await app.chat(tenant, { model: 'plain', messages: [{ role: 'user', content: 'hello' }] })).arrayBuffer();
  await app.records(tenant, before + 1);
  const [row] = await app.rows<{ day: string }>(
    'SELECT expires_on::text AS day FROM call_record WHERE organisation_id = $1 ORDER BY id DESC LIMIT 1',
    [tenant.organisationId],
  );
  return row?.day ?? '';
}

const inDays = (count: number): string => utcDay(Date.now() + count * DAY_MS);

describe('plans and windows of an organisation', () => {
  it('begin with the first plan, and the ledger files by it', async () => {
    const { status, body } = await app.api<Policy & Record<string, unknown>>('GET', at());
    expect([status, body.profile, body.plan, days(body, 'request_metadata'), days(body, 'payload')]).toEqual([
      200,
      'enterprise',
      'free',
      7,
      7,
    ]);
    expect(await expiryOfNextCall()).toBe(inDays(7));
  });

  it('D2: a plan holds for the next call, on a day that had no partition before', async () => {
    expect((await putOnPlan('enterprise')).body.plan).toBe('enterprise');
    await untilDays('request_metadata', 90);
    expect(await expiryOfNextCall()).toBe(inDays(90));
  });

  it('an owner asks for less or, where the plan lets it, for more; null takes it back', async () => {
    const owner = await memberOf(app, tenant.organisationId, 'owner', { secondFactorDone: true });
    const asked = await owner.browser.request<Policy & Record<string, unknown>>('PATCH', at(), {
      days: { payload: 0, request_metadata: 400 },
    });
    expect([asked.status, days(asked.body, 'payload'), days(asked.body, 'request_metadata')]).toEqual([200, 0, 400]);
    await untilDays('request_metadata', 400);
    expect(await expiryOfNextCall()).toBe(inDays(400));
    const back = await owner.browser.request<Policy & Record<string, unknown>>('PATCH', at(), { days: { request_metadata: null } });
    expect([days(back.body, 'payload'), days(back.body, 'request_metadata')]).toEqual([0, 90]);
  });

  it('what was asked for counts as far as a lower plan allows', async () => {
    await app.api('PATCH', at(), { days: { request_metadata: 700 } });
    const { body } = await putOnPlan('free');
    expect([days(body, 'request_metadata'), days(body, 'payload')]).toEqual([7, 0]);
    await untilDays('request_metadata', 7);
    await app.api('PATCH', at(), { days: { request_metadata: null, payload: null } });
  });

  it.each([
    ['more than the plan', { request_metadata: 8 }, 'days.request_metadata', 'between 1 and 7'],
    ['less where the profile does not let it', { security_log: 3 }, 'days.security_log', 'is 7 on this plan'],
    ['nothing where a table cannot do without', { request_metadata: 0 }, 'days.request_metadata', 'between 1 and 7'],
    ['a class there is not', { diaries: 3 }, 'days', 'data classes only'],
    ['days that are none', { payload: 1.5 }, 'days.payload', 'whole days'],
    ['days below zero', { payload: -1 }, 'days.payload', 'whole days'],
    ['days as words', { payload: 'P7D' }, 'days.payload', 'whole days'],
  ])('refuses %s, names the field, and changes nothing', async (_what, wanted, field, says) => {
    const before = (await app.api('GET', at())).body;
    const { status, body } = await app.api<{ errors: { field: string; message: string }[] }>('PATCH', at(), { days: wanted });
    expect([status, body.errors[0]?.field]).toEqual([400, field]);
    expect(body.errors[0]?.message).toContain(says);
    expect((await app.api('GET', at())).body).toEqual(before);
  });

  it.each([
    ['before retention first looked at it', false],
    ['between two looks', true],
  ])('D2: what an organisation stored on a plan that came and went %s is shortened too', async (_when, isKnown) => {
    const refiling = app.lethe.get(RefileRows);
    await refiling.run();
    const guest = await app.tenant();
    const { organisationId } = guest;
    if (isKnown) await refiling.run();
    await putOnPlan('team', organisationId);
    await untilDays('request_metadata', 60, organisationId);
    await (await app.chat(guest, { model: 'plain', messages: [{ role: 'user', content: 'hello' }] })).arrayBuffer();
    await app.records(guest, 1);
    await putOnPlan('free', organisationId);
    await untilDays('request_metadata', 7, organisationId);
    // Whoever wrote a row within the last hour may still look for it.
    await app.rows(`UPDATE call_record SET started_at = started_at - interval '1 day' WHERE organisation_id = $1`, [organisationId]);
    await refiling.run();
    const rows = await app.rows('SELECT expires_on::text AS day FROM call_record WHERE organisation_id = $1', [organisationId]);
    expect(rows).toEqual([{ day: inDays(6) }]);
  });

  it('refuses a plan the profile does not have, and an organisation that is not there', async () => {
    expect((await putOnPlan('platinum')).status).toBe(400);
    expect((await putOnPlan(7)).status).toBe(400);
    expect((await putOnPlan('pro', '01890000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it('A3: nobody else reads or changes them, and members only as their role lets them', async () => {
    const stranger = await signUp(app.lethe, { secondFactorDone: true });
    expect((await stranger.browser.request('GET', at())).status).toBe(404);
    const viewer = await memberOf(app, tenant.organisationId, 'viewer');
    expect((await viewer.browser.request('GET', at())).status).toBe(200);
    expect((await viewer.browser.request('PATCH', at(), { days: { payload: 0 } })).status).toBe(403);
    expect((await viewer.browser.send('PUT', `/admin/v1/organisations/${tenant.organisationId}/plan`, { plan: 'pro' })).status).not.toBe(
      200,
    );
    expect((await app.api('GET', at(), undefined, null)).status).toBe(401);
  });

  it('every change is in the audit log, and asking for what is so already is none', async () => {
    const count = async (): Promise<number> =>
      (
        await app.rows(`SELECT FROM audit_event WHERE action = 'retention_policy.changed' AND organisation_id = $1`, [
          tenant.organisationId,
        ])
      ).length;
    await putOnPlan('team');
    const before = await count();
    await putOnPlan('team');
    await app.api('PATCH', at(), { days: {} });
    expect(await count()).toBe(before);
    await putOnPlan('free');
    expect(await count()).toBe(before + 1);
  });
});

describe('the profile in force', () => {
  it('is what the first start was given; another one is refused until somebody has agreed', async () => {
    const database = await createTestDatabase();
    const start = (profile: string) => TestLethe.start({ databaseUrl: database.url, environment: { LETHE_PROFILE: profile } });
    try {
      await (await start('relay')).stop();
      await expect(start('zero-retention')).rejects.toThrow(/zero-retention, and in force is relay.*lethe profile apply/);
      await (await start('relay')).stop();
    } finally {
      await database.drop();
    }
  });

  it('a profile that asks for what a table cannot keep stops the start, with the reason', async () => {
    const database = await createTestDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'lethe-profile-'));
    const path = join(folder, 'mine.yaml');
    const zero = readFileSync('profiles/zero-retention.yaml', 'utf8');
    try {
      writeFileSync(path, zero.replace('request_metadata: P30D', 'request_metadata: none'));
      const start = () => TestLethe.start({ databaseUrl: database.url, environment: { LETHE_PROFILE: path } });
      await expect(start()).rejects.toThrow(/request_metadata must be at least P1D, because budgets are settled/);
      writeFileSync(path, zero.replace('  backup: P30D\n', ''));
      await expect(start()).rejects.toThrow(/windows.backup is missing/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await database.drop();
    }
  });

  it('A5, A6: a setting that promises less than the profile stops the start', async () => {
    const environment = { LETHE_PROFILE: 'zero-retention', LETHE_SESSION_COOKIE: 'lasting', LETHE_MINIMUM_AGE: '13' };
    await expect(TestLethe.start({ environment })).rejects.toThrow(
      /LETHE_MINIMUM_AGE must be at least 16; LETHE_SESSION_COOKIE must be browser/,
    );
  });

  it('a profile that is not there is refused with those that are', async () => {
    await expect(TestLethe.start({ environment: { LETHE_PROFILE: 'forever' } })).rejects.toThrow(
      /enterprise, federated-credits, metadata-only/,
    );
  });
});
