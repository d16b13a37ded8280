import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { RunRetention } from '../../src/modules/retention/core/run-retention.js';
import { SweepStoresJob } from '../../src/modules/retention/jobs/sweep-stores.job.js';
import { OperatorAdministration } from '../../src/modules/auth/auth.contract.js';
import { Clock, DAY_MS } from '../../src/kernel/clock.js';
import { type Person, signUp } from '../harness/accounts.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { admin } from '../harness/staff.js';

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
