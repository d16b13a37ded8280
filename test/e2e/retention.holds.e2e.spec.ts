import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { RunRetention } from '../../src/modules/retention/core/run-retention.js';
import { SurveyStores } from '../../src/modules/retention/core/survey/survey-stores.js';
import { SweepStoresJob } from '../../src/modules/retention/jobs/sweep-stores.job.js';
import { OperatorAdministration } from '../../src/modules/auth/auth.contract.js';
import { Clock, DAY_MS } from '../../src/kernel/clock.js';
import { type Person, signUp } from '../harness/accounts.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { admin, recruit, type StaffMember } from '../harness/staff.js';

/** Goes on by itself and can be put forward; it does not claim to be real time, which retention would hold against the database's. */
class AheadClock extends Clock {
  private aheadMs = 0;

  override nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  override monotonicMs(): number {
    return performance.now();
  }

  advance(ms: number): void {
    this.aheadMs += ms;
  }
}

const clock = new AheadClock();
let test: TestLethe;
/** A second operator's token: whoever asks for a release needs somebody who agrees. */
let second: string;
let tenant: TestTenant;

beforeAll(async () => {
  test = await TestLethe.start({ clock });
  const name = `second-${newId()}`;
  second = (await test.lethe.get(OperatorAdministration).createOperator(name, { kind: 'system', id: 'test' })).token;
  tenant = await test.tenant();
});

afterAll(() => test?.stop());

async function member(role: string): Promise<Person> {
  const person = await signUp(test.lethe);
  await test.rows(`INSERT INTO membership VALUES ($1, $2, $3, 'founder', now(), now())`, [tenant.organisationId, person.accountId, role]);
  return person;
}

function scope(more: object = {}): object {
  return { matter: 'LIT-2026-1', reason: 'litigation', organisationId: tenant.organisationId, dataClasses: ['request_metadata'], ...more };
}

function place(body: object, token?: string) {
  return admin<{ id: string; status: string }>(test, {
    method: 'POST',
    path: '/legal-holds',
    body,
    ...(token === undefined ? {} : { token }),
  });
}

describe('legal holds', () => {
  it('D5: a call that a hold covers outlives its window, its neighbour’s does not, and with the release it goes', async () => {
    const other = await test.tenant();
    for (const each of [tenant, other])
      await (await test.chat({ key: each.key }, { model: 'm', messages: [{ role: 'user', content: 'Hi' }] })).text();
    await expect.poll(async () => (await test.rows('SELECT FROM call_record')).length, { timeout: 5_000 }).toBe(2);
    const placed = await place(scope());
    expect(placed).toMatchObject({ status: 201, body: { status: 'in_force', organisationId: tenant.organisationId } });
    const path = `/legal-holds/${placed.body.id}`;
    expect(await admin(test, { path })).toMatchObject({
      status: 200,
      body: { tables: expect.arrayContaining(['call_record']) as unknown, held: [] },
    });

    clock.advance(31 * DAY_MS);
    await test.lethe.get(RunRetention).run();
    expect(await test.rows('SELECT FROM call_record')).toHaveLength(0);
    expect(await admin(test, { path })).toMatchObject({ body: { held: [{ table: 'call_record', rows: 1 }] } });

    expect(await admin(test, { method: 'POST', path: `${path}/release/approval` })).toMatchObject({ status: 409 });
    expect(await admin(test, { method: 'POST', path: `${path}/release` })).toMatchObject({
      status: 200,
      body: { status: 'release_requested' },
    });
    expect(await admin(test, { method: 'POST', path: `${path}/release/approval` })).toMatchObject({
      status: 403,
      body: { code: 'retention/four_eyes' },
    });
    expect(await admin(test, { method: 'POST', path: `${path}/release/approval`, token: second })).toMatchObject({
      status: 200,
      body: { status: 'released' },
    });
    await test.lethe.get(RunRetention).run();
    expect(await admin(test, { path })).toMatchObject({ body: { status: 'emptied', held: [] } });
    const actions = await test.rows(`SELECT action FROM audit_event WHERE target_id = $1 ORDER BY id`, [placed.body.id]);
    expect(actions.map(({ action }) => action)).toEqual([
      'legal_hold.placed',
      'legal_hold.release_requested',
      'legal_hold.released',
      'legal_hold.emptied',
    ]);
  });

  it('D5: an organisation’s privacy officer sees the holds on it, and a viewer or another organisation does not', async () => {
    await place(scope({ matter: 'LIT-2' }));
    const [officer, viewer] = [await member('privacy_officer'), await member('viewer')];
    const path = `/organisations/${tenant.organisationId}/legal-holds`;
    expect(await officer.browser.get(path)).toMatchObject({ status: 200, body: { data: [{ matter: 'LIT-2' }, { matter: 'LIT-2026-1' }] } });
    expect(await viewer.browser.get(path)).toMatchObject({ status: 403 });
    expect(await (await signUp(test.lethe)).browser.get(path)).toMatchObject({ status: 404 });
  });

  it('D5: an account that a hold names is not removed, and the answer names the matter', async () => {
    const { accountId } = await signUp(test.lethe);
    const placed = await place({ matter: 'LIT-3', reason: 'law_enforcement', accountId, dataClasses: ['security_log'] });
    expect(placed.status).toBe(201);
    const removal = await admin(test, { method: 'POST', path: `/accounts/${accountId}/minor-found` });
    expect(removal).toMatchObject({ status: 409, body: { code: 'retention/held', details: { matters: ['LIT-3'] } } });
    expect(await test.rows('SELECT FROM account WHERE id = $1', [accountId])).toHaveLength(1);
  });

  it.each([
    ['nobody', { organisationId: undefined }, 'organisationId'],
    ['somebody who is not there', { organisationId: newId() }, 'organisationId'],
    ['no class', { dataClasses: [] }, 'dataClasses'],
    ['a class there is none of', { dataClasses: ['diary'] }, 'dataClasses'],
    ['an end before its beginning', { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'to'],
    ['a matter in words', { matter: 'Smith versus Jones' }, 'matter'],
  ])('refuses a hold on %s and names the field', async (_what, change, field) => {
    const answer = await place(scope(change));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it('is placed by operators alone', async () => {
    expect(await place(scope(), 'lop_nobody')).toMatchObject({ status: 401 });
    const owner = await member('owner');
    expect(await owner.browser.get('/retention/receipts')).toMatchObject({ status: 403 });
  });
});

describe('what a hold keeps', () => {
  interface Rows {
    readonly data: { table: string; organisationId: string; columns: Record<string, unknown>; withheld: string[] }[];
    readonly nextCursor: string | null;
    readonly errors?: { field: string }[];
  }
  let path: string;
  let other: TestTenant;

  const rows = (query: string, more: { token?: string | null } = {}) => admin<Rows>(test, { path: `${path}/rows?${query}`, ...more });

  beforeAll(async () => {
    other = await test.tenant();
    const person = await signUp(test.lethe);
    for (const { organisationId } of [tenant, other])
      await test.rows(`INSERT INTO membership VALUES ($1, $2, 'viewer', 'founder', now(), now())`, [organisationId, person.accountId]);
    const dataClasses = ['account_profile', 'security_log'];
    const hold = await place({ matter: 'LIT-9', reason: 'litigation', accountId: person.accountId, dataClasses });
    path = `/legal-holds/${hold.body.id}`;
    await test.rows('DELETE FROM membership WHERE account_id = $1', [person.accountId]);
    await test.rows('DELETE FROM account_session WHERE account_id = $1', [person.accountId]);
  });

  it('D5, C7: is read for a purpose, page by page, without secrets, and the audit log of the organisation tells of each page', async () => {
    const first = await rows('purpose=legal_request&limit=1');
    expect(first).toMatchObject({ status: 200, body: { data: [{ table: 'account_session' }] } });
    expect(first.headers.get('cache-control')).toBe('no-store');
    const [session] = first.body.data;
    expect(session?.columns).toMatchObject({ method: expect.any(String) as unknown });
    expect(session?.withheld).toContain('token_hash');
    expect(session?.columns).not.toHaveProperty('token_hash');
    const rest = await rows(`purpose=legal_request&limit=5&cursor=${first.body.nextCursor}`);
    expect(rest.body.data.map(({ table }) => table)).toEqual(['membership', 'membership']);
    expect(rest.body.nextCursor).toBeNull();
    const own = await rows(`purpose=data_subject_request&table=membership&organisationId=${tenant.organisationId}`);
    expect(own.body.data.map(({ organisationId }) => organisationId)).toEqual([tenant.organisationId]);
    const events = await test.rows(
      `SELECT organisation_id AS "organisationId", detail FROM audit_event WHERE action = 'legal_hold.read' ORDER BY id`,
    );
    const detail = { matter: 'LIT-9', reason: 'litigation', table: null, isContinued: false };
    expect(events).toEqual([
      { organisationId: null, detail: { ...detail, purpose: 'legal_request', rows: 1 } },
      { organisationId: null, detail: { ...detail, purpose: 'legal_request', rows: 2, isContinued: true } },
      { organisationId: tenant.organisationId, detail: { ...detail, purpose: 'data_subject_request', table: 'membership', rows: 1 } },
    ]);
  });

  it.each([
    ['without a purpose', '', 400],
    ['for one that is not in the list', 'purpose=curiosity', 400],
    ['of a table that is no name', 'purpose=legal_request&table=a%20b', 400],
    ['from a place that is none', 'purpose=legal_request&cursor=e30', 400],
    [
      'from a place somebody made up',
      `purpose=legal_request&cursor=${Buffer.from('{"table":"x","digest":"no"}').toString('base64url')}`,
      200,
    ],
  ])('is asked for %s: %s is %i', async (_what, query, status) => {
    expect(await rows(query)).toMatchObject({ status });
  });

  it('A3, A4: is shown to no member of the organisation, whatever their role, and to nobody who does not say who they are', async () => {
    const query = 'purpose=legal_request';
    expect(await rows(query, { token: null })).toMatchObject({ status: 401 });
    expect(await rows(query, { token: tenant.key })).toMatchObject({ status: 403 });
    for (const role of ['owner', 'privacy_officer']) {
      const answer = await (await member(role)).browser.send('GET', `/admin/v1${path}/rows?${query}`);
      expect([role, answer.status]).toEqual([role, 403]);
    }
    expect(await admin(test, { path: `/legal-holds/${newId()}/rows?${query}` })).toMatchObject({
      status: 404,
      body: { code: 'retention/hold_not_found' },
    });
  });

  it('S2: staff on duty see rows of an organisation they have broken the glass for, and of no other', async () => {
    const officer = await recruit(test, clock, 'privacy_officer');
    expect((await officer.beginDuty()).status).toBe(200);
    const ask = (query: string) => officer.send<Rows & { code?: string }>('GET', `/admin/v1${path}/rows?purpose=legal_request${query}`);
    const needed = { status: 403, body: { code: 'auth/break_glass_required' } };
    expect(await ask('')).toMatchObject(needed);
    expect(await ask(`&organisationId=${tenant.organisationId}`)).toMatchObject(needed);
    const grant = await officer.openBreakGlass(tenant.organisationId, { reason: 'legal_request' });
    expect(grant.status).toBe(201);
    const seen = await ask(`&organisationId=${tenant.organisationId}`);
    expect(seen).toMatchObject({ status: 200, body: { data: [{ organisationId: tenant.organisationId }] } });
    expect(JSON.stringify(seen.body)).not.toContain(other.organisationId);
    expect(await ask(`&organisationId=${other.organisationId}`)).toMatchObject(needed);
    expect(await ask('')).toMatchObject(needed);
    const used = await test.rows(`SELECT FROM audit_event WHERE action = 'break_glass.used' AND target_id = $1`, [grant.body.id]);
    expect(used).toHaveLength(1);
  });
});

describe('data kept past its time', () => {
  it('D2: administrators and privacy officers are told when it begins and when it has ended, and nobody else is', async () => {
    const [officer, support] = [await recruit(test, clock, 'privacy_officer'), await recruit(test, clock, 'support')];
    const long = new Date(clock.nowMs() - 9 * DAY_MS);
    await test.rows('DELETE FROM retention_alarm');
    await test.rows(`INSERT INTO retention_alarm VALUES ('billing_record', $1, $1)`, [long]);
    await test.rows(`INSERT INTO retention_removal VALUES ('files.left', 'left', 1, 1, $1)`, [long]);
    await test.lethe.get(SurveyStores).run();
    await test.lethe.get(SurveyStores).run();
    await test.rows('DELETE FROM retention_removal');
    const told = async ({ browser }: StaffMember) => {
      const notices = await browser.get<{ data: { kind: string; title: string }[] }>('/account/notices');
      return notices.body.data.filter(({ kind }) => kind.startsWith('data_overdue'));
    };
    const heard = await told(officer);
    expect(heard.filter(({ kind }) => kind === 'data_overdue_ended')).toHaveLength(1);
    expect(heard.map(({ title }) => title)).toContain('Data is kept past its time');
    expect(new Set(heard.map((each) => JSON.stringify(each))).size).toBe(heard.length);
    expect(await told(support)).toEqual([]);
  });
});

describe('receipts and the preview', () => {
  it('D2: every store has a receipt, which the audit log repeats', async () => {
    await test.lethe.get(SweepStoresJob).run(new AbortController().signal);
    const listed = await test.api<{ data: { id: string; store: string; rows: number; partitions: number }[] }>(
      'GET',
      '/retention/receipts?limit=200',
    );
    const stores = new Set(listed.body.data.map(({ store }) => store));
    for (const store of ['call_record', 'audit_event', 'account_session', 'outgoing_mail', 'outbox_event']) expect(stores).toContain(store);
    const purge = listed.body.data.find(({ store, rows }) => store === 'call_record' && rows > 0);
    expect(purge).toMatchObject({ rows: 2 });
    const events = await test.rows(`SELECT FROM audit_event WHERE detail ->> 'receipt' = $1`, [purge?.id]);
    expect(events).toHaveLength(1);
  });

  it('D2: the preview says what would go by a day, and what a shorter window would take, and changes nothing', async () => {
    await (await test.chat({ key: tenant.key }, { model: 'm', messages: [{ role: 'user', content: 'Hi' }] })).text();
    await expect.poll(async () => (await test.rows('SELECT FROM call_record')).length, { timeout: 5_000 }).toBe(1);
    const preview = async (body: object) => {
      const answer = await test.api<{ tables: { table: string; gone: { rows: number }[]; held: number; staysRows: number }[] }>(
        'POST',
        '/retention/preview',
        body,
      );
      expect(answer.status).toBe(200);
      return answer.body.tables.find(({ table }) => table === 'call_record');
    };
    expect(await preview({})).toMatchObject({ gone: [], staysRows: 1 });
    const on = new Date(clock.nowMs() + 40 * DAY_MS).toISOString().slice(0, 10);
    expect(await preview({ on })).toMatchObject({ gone: [{ rows: 1 }], held: 1, staysRows: 0 });
    const soon = new Date(clock.nowMs() + 8 * DAY_MS).toISOString().slice(0, 10);
    expect(await preview({ on: soon })).toMatchObject({ gone: [], staysRows: 1 });
    expect(await preview({ on: soon, days: { request_metadata: 7 } })).toMatchObject({ gone: [{ rows: 1 }], staysRows: 0 });
    expect(await test.rows('SELECT FROM call_record')).toHaveLength(1);
  });

  it.each([
    [{ days: { request_metadata: -1 } }, 'days.request_metadata'],
    [{ days: { diary: 1 } }, 'days'],
    [{ plan: 'nobody’s' }, 'plan'],
    [{ on: '2026-02-30' }, 'on'],
  ])('refuses %j and names the field', async (body, field) => {
    expect(await test.api('POST', '/retention/preview', body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });
});
