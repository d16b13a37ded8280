import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OperatorId, type SessionId } from '../../src/kernel/ids.js';
import { OpenBreakGlass } from '../../src/modules/auth/core/break-glass/open-break-glass.js';
import { ChangeOperator } from '../../src/modules/auth/core/staff/change-operator.js';
import { ServeDuty } from '../../src/modules/auth/core/staff/serve-duty.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { AccountPrincipal, OperatorPrincipal } from '../../src/platform/http/principal.js';
import { signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { enrolApp, MovableClock } from '../harness/authenticator-app.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { admin, recruit } from '../harness/staff.js';

const clock = new MovableClock();
let database: TestDatabase;
/** Two replicas on one database. */
let test: TestLethe;
let other: TestLethe;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await TestLethe.start({ clock, databaseUrl: database.url, environment: { LETHE_DUTY_MINUTES: '60' } });
  const environment = { LETHE_DUTY_MINUTES: '60', LETHE_ROOT_KEY_FILE: `${test.directory}/root-key.json` };
  other = await TestLethe.start({ clock, databaseUrl: database.url, upstream: test.upstream, environment });
});
afterAll(async () => {
  await other?.stop();
  await test?.stop();
  await database?.drop();
});

const auditOf = (operatorId: string): Promise<{ action: string; organisation_id: string | null; detail: Record<string, unknown> }[]> =>
  test.rows('SELECT action, organisation_id, detail FROM audit_event WHERE target_id = $1 OR actor_id = $1 ORDER BY id', [operatorId]);

describe('duty', () => {
  it('A4: an account that is staff acts as operator only when it asks, after a second factor in this session, until it is let down again', async () => {
    const ada = await recruit(test, clock, 'administrator');
    expect((await ada.browser.get('/me')).body).toMatchObject({ kind: 'account' });
    expect(await ada.send('GET', '/admin/v1/staff')).toMatchObject({ status: 403, body: { code: 'http/forbidden' } });
    expect((await ada.send('GET', '/admin/v1/duty')).body).toMatchObject({ onDuty: false, role: null });
    expect((await ada.beginDuty()).body).toMatchObject({ onDuty: true, operatorId: ada.operatorId, role: 'administrator' });
    expect((await ada.browser.get('/me')).body).toMatchObject({ kind: 'operator', id: ada.operatorId });
    expect((await ada.send('GET', '/admin/v1/staff')).status).toBe(200);
    // Its own account stays its owner's meanwhile.
    expect((await ada.browser.get('/account/second-factors')).status).toBe(200);
    expect((await ada.send('DELETE', '/admin/v1/duty')).status).toBe(204);
    expect((await ada.browser.get('/me')).body).toMatchObject({ kind: 'account' });
    const actions = (await auditOf(ada.operatorId)).map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining([
        'operator.created',
        'operator.invited',
        'operator.linked',
        'operator_duty.begun',
        'operator.called',
        'operator_duty.ended',
      ]),
    );
  });

  it('A4: asks for a second factor shown within five minutes; a session without one, and an account that is nobody of the staff, get none', async () => {
    const ada = await recruit(test, clock, 'support');
    clock.advance(5 * 60_000 + 1_000);
    expect(await ada.beginDuty()).toMatchObject({ status: 403, body: { code: 'http/step_up_required' } });
    await ada.stepUp();
    expect(await ada.beginDuty()).toMatchObject({ status: 200 });
    const second = await signIn(test.lethe, ada.person.accountId);
    expect(await second.send('POST', '/admin/v1/duty')).toMatchObject({ status: 401, body: { code: 'accounts/second_factor_required' } });
    const stranger = await signUp(test.lethe);
    await enrolApp(stranger, clock);
    expect(await stranger.browser.send('POST', '/admin/v1/duty')).toMatchObject({ status: 403, body: { code: 'auth/not_staff' } });
  });

  it('A4: staff without any factor can do nothing but set one up, in every session of theirs', async () => {
    const person = await signUp(test.lethe);
    const { id } = (await admin<{ id: string }>(test, { method: 'POST', path: '/staff', body: { name: newId(), role: 'support' } })).body;
    const { invitation } = (await admin<{ invitation: string }>(test, { method: 'POST', path: `/staff/${id}/invitation` })).body;
    expect((await person.browser.get('/me')).status).toBe(200);
    expect((await person.browser.send('POST', '/admin/v1/staff-invitations/accept', { invitation })).status).toBe(200);
    const demanded = {
      status: 401,
      body: { code: 'accounts/second_factor_required', details: { state: 'second_factor_enrolment_required' } },
    };
    expect(await person.browser.get('/me')).toMatchObject(demanded);
    expect(await person.browser.send('POST', '/admin/v1/duty')).toMatchObject(demanded);
    await enrolApp(person, clock);
    expect(await person.browser.send('POST', '/admin/v1/duty')).toMatchObject({ status: 200 });
  });

  it('A4: ends by itself when its time is up, and with the session, on the other replica as well', async () => {
    const ada = await recruit(test, clock, 'auditor');
    await ada.beginDuty();
    const there = ada.elsewhere(other.url);
    expect((await there.get('/me')).body).toMatchObject({ kind: 'operator' });
    clock.advance(60 * 60_000);
    for (const browser of [ada.browser, there]) expect((await browser.get('/me')).body).toMatchObject({ kind: 'account' });
    await ada.stepUp();
    await ada.beginDuty();
    await test.rows('DELETE FROM account_session WHERE account_id = $1', [ada.person.accountId]);
    expect((await ada.browser.get('/me')).status).toBe(401);
    expect(await test.rows('SELECT FROM operator_duty WHERE operator_id = $1', [ada.operatorId])).toEqual([]);
  });

  it('A4: a disabled, demoted or unlinked operator loses it at the next request, on the other replica as well', async () => {
    const ada = await recruit(test, clock, 'administrator');
    await ada.beginDuty();
    const there = ada.elsewhere(other.url);
    const staff = (): Promise<{ status: number }> => there.send('GET', '/admin/v1/staff');
    const path = `/staff/${ada.operatorId}`;
    expect((await staff()).status).toBe(200);
    await admin(test, { method: 'PATCH', path, body: { role: 'support' } });
    expect((await staff()).status).toBe(403);
    await admin(test, { method: 'PATCH', path, body: { role: 'auditor' } });
    expect((await staff()).status).toBe(200);
    await admin(test, { method: 'PATCH', path, body: { status: 'disabled' } });
    expect((await there.get('/me')).body).toMatchObject({ kind: 'account' });
    await admin(test, { method: 'PATCH', path, body: { status: 'active' } });
    expect((await there.get('/me')).body).toMatchObject({ kind: 'account' });
    expect((await ada.beginDuty()).status).toBe(200);
    expect((await admin(test, { method: 'DELETE', path: `${path}/account` })).status).toBe(204);
    expect((await there.get('/me')).body).toMatchObject({ kind: 'account' });
    expect(await ada.beginDuty()).toMatchObject({ status: 403, body: { code: 'auth/not_staff' } });
  });

  it('A2: on duty a session is an operator’s and nothing else: what its account may do as a member is not added', async () => {
    const { organisationId } = await test.tenant({ route: false });
    const ada = await recruit(test, clock, 'support');
    await test.rows(`INSERT INTO membership VALUES ($1, $2, 'owner', 'founder', now(), now())`, [organisationId, ada.person.accountId]);
    expect((await ada.browser.get(`/organisations/${organisationId}/projects`)).status).toBe(200);
    await ada.beginDuty();
    expect(await ada.browser.get(`/organisations/${organisationId}/projects`)).toMatchObject({
      status: 403,
      body: { code: 'auth/break_glass_required' },
    });
    expect((await ada.browser.request('PATCH', `/organisations/${organisationId}`, { name: 'Mine' })).status).toBe(403);
  });
});

describe('duty against changes of staff at the same moment', () => {
  it('A4: who goes on duty while they are being disabled is not on duty, nor once they are enabled again', async () => {
    const ada = await recruit(test, clock, 'support');
    const [session] = await test.rows<{ id: SessionId }>('SELECT id FROM account_session WHERE account_id = $1', [ada.person.accountId]);
    const account: AccountPrincipal = {
      kind: 'account',
      id: ada.person.accountId,
      sessionId: session?.id ?? newId<SessionId>(),
      permissions: new Set(),
      memberships: new Map(),
      provenAtMs: clock.nowMs(),
      secondFactorAtMs: clock.nowMs(),
    };
    const begun = await whileDisabling(ada.operatorId, () => test.lethe.get(ServeDuty).begin(account));
    expect(begun).toMatchObject({ code: 'auth/not_staff' });
    expect(await test.rows('SELECT FROM operator_duty WHERE operator_id = $1', [ada.operatorId])).toEqual([]);
  });

  it('S2: who opens a grant while they are being disabled opens none', async () => {
    const { organisationId } = await test.tenant({ route: false });
    const ada = await recruit(test, clock, 'support');
    const operator: OperatorPrincipal = {
      kind: 'operator',
      id: ada.operatorId,
      permissions: new Set(['break_glass:write']),
      reach: new Set(),
      duty: { sessionId: newId<SessionId>(), secondFactorAtMs: clock.nowMs() },
    };
    const request = { organisationId, reason: 'incident', ticket: 'INC-1', minutes: 30 } as const;
    const opened = await whileDisabling(ada.operatorId, () => test.lethe.get(OpenBreakGlass).run(operator, request));
    expect(opened).toMatchObject({ code: 'http/forbidden' });
    expect(await test.rows('SELECT FROM break_glass_grant WHERE operator_id = $1', [ada.operatorId])).toEqual([]);
  });

  /** What comes of `act`, begun after an operator has been disabled and before that commits. */
  async function whileDisabling(operatorId: OperatorId, act: () => Promise<unknown>): Promise<unknown> {
    let outcome: Promise<unknown> = Promise.resolve();
    await test.lethe.get(UnitOfWork).asSystem(async (tx) => {
      await test.lethe.get(ChangeOperator).run(tx, operatorId, { status: 'disabled' }, { kind: 'system', id: 'test' });
      outcome = act().catch((error: unknown) => error);
      await Promise.race([outcome, setTimeout(300)]);
    });
    return outcome;
  }
});

describe('staff', () => {
  it('A4: somebody who is not on duty cannot fill the audit log by asking', async () => {
    const stranger = await signUp(test.lethe);
    const statuses: number[] = [];
    for (let n = 0; n < 32; n += 1) statuses.push((await stranger.browser.send('GET', '/admin/v1/duty')).status);
    expect(statuses.slice(0, 30)).toEqual(Array<number>(30).fill(200));
    expect(statuses).toContain(429);
    clock.advance(2_000);
    expect((await stranger.browser.send('GET', '/admin/v1/duty')).status).toBe(200);
  });

  it('A4: every call on /admin is audited, reads too, by its route and without what was asked for', async () => {
    const ada = await recruit(test, clock, 'auditor');
    await ada.beginDuty();
    await ada.send('GET', '/admin/v1/staff?limit=3');
    await ada.send('GET', `/admin/v1/staff/${newId()}`);
    const calls = (await auditOf(ada.operatorId)).filter(({ action }) => action === 'operator.called');
    expect(calls.map(({ detail }) => detail)).toEqual([
      { method: 'GET', route: '/admin/v1/staff', permission: 'staff:read', means: 'duty' },
      { method: 'GET', route: '/admin/v1/staff/:operatorId', permission: 'staff:read', means: 'duty' },
    ]);
    const before = await test.rows(`SELECT FROM audit_event WHERE action = 'operator.called'`);
    await admin(test, { path: '/staff' });
    await test.api('GET', '/organisations');
    await test.api('PATCH', `/organisations/${newId()}`, { name: 'x' });
    const after = await test.rows(`SELECT FROM audit_event WHERE action = 'operator.called'`);
    expect(after.length - before.length).toBe(2);
  });

  it('A4: changes of staff ask for a recent second factor, and each role does what it may', async () => {
    const ada = await recruit(test, clock, 'administrator');
    const body = { name: newId(), role: 'support' };
    await ada.beginDuty();
    expect((await ada.send('POST', '/admin/v1/staff', body)).status).toBe(201);
    expect(await ada.send('POST', '/admin/v1/staff', body)).toMatchObject({ status: 409, body: { code: 'auth/operator_name_taken' } });
    clock.advance(11 * 60_000);
    expect(await ada.send('POST', '/admin/v1/staff', body)).toMatchObject({ status: 403, body: { code: 'http/step_up_required' } });
    const bob = await recruit(test, clock, 'support');
    await bob.beginDuty();
    expect(await bob.send('GET', '/admin/v1/staff')).toMatchObject({ status: 403, body: { code: 'http/forbidden' } });
    expect((await bob.send('GET', '/admin/v1/break-glass')).status).toBe(200);
    expect((await bob.browser.post('/organisations', { slug: 'x', name: 'x' })).status).toBe(403);
  });

  it('A4: the last active administrator can be neither demoted nor disabled, and of two at once one stays', async () => {
    const own = await TestLethe.start();
    try {
      const list = await admin<{ data: { id: string }[] }>(own, { path: '/staff' });
      const first = list.body.data[0]?.id ?? '';
      const change = (id: string, body: unknown) => admin(own, { method: 'PATCH', path: `/staff/${id}`, body });
      for (const body of [{ role: 'auditor' }, { status: 'disabled' }]) {
        expect(await change(first, body)).toMatchObject({ status: 409, body: { code: 'auth/last_administrator' } });
      }
      const added = await admin<{ id: string }>(own, { method: 'POST', path: '/staff', body: { name: 'two', role: 'administrator' } });
      const answers = await Promise.all([change(first, { role: 'auditor' }), change(added.body.id, { role: 'auditor' })]);
      expect(answers.filter(({ status }) => status === 200)).not.toHaveLength(2);
      expect(await own.rows(`SELECT FROM operator WHERE role = 'administrator' AND status = 'active'`)).toHaveLength(1);
    } finally {
      await own.stop();
    }
  });

  it('A4: an invitation works once, for an account of nobody else’s, and for three days', async () => {
    const invite = async (): Promise<{ id: string; invitation: string }> => {
      const { id } = (await admin<{ id: string }>(test, { method: 'POST', path: '/staff', body: { name: newId(), role: 'support' } })).body;
      return {
        id,
        invitation: (await admin<{ invitation: string }>(test, { method: 'POST', path: `/staff/${id}/invitation` })).body.invitation,
      };
    };
    const [one, two] = [await signUp(test.lethe), await signUp(test.lethe)];
    for (const person of [one, two]) await enrolApp(person, clock);
    const take = (person: typeof one, invitation: unknown) =>
      person.browser.send('POST', '/admin/v1/staff-invitations/accept', { invitation });
    const { id, invitation } = await invite();
    expect(await take(one, 'x'.repeat(43))).toMatchObject({ status: 410, body: { code: 'auth/invitation_not_valid' } });
    expect((await take(one, 7)).status).toBe(400);
    expect((await take(one, invitation)).status).toBe(200);
    expect((await take(two, invitation)).status).toBe(410);
    expect(await admin(test, { method: 'POST', path: `/staff/${id}/invitation` })).toMatchObject({
      status: 409,
      body: { code: 'auth/operator_linked' },
    });
    expect(await take(one, (await invite()).invitation)).toMatchObject({ status: 409, body: { code: 'auth/account_is_staff' } });
    const stored = await test.rows<{ row: string }>('SELECT to_jsonb(o)::text AS row FROM operator o');
    expect(stored.map(({ row }) => row).join()).not.toContain(invitation);
  });

  it('A4: tokens expire, are revoked one by one, show their secret once, and hold what their operator’s role does', async () => {
    const { id } = (await admin<{ id: string }>(test, { method: 'POST', path: '/staff', body: { name: newId(), role: 'auditor' } })).body;
    const issue = (body: object) => admin<{ id: string; secret: string }>(test, { method: 'POST', path: `/staff/${id}/tokens`, body });
    expect(await issue({ name: 'late', expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'expiresAt' }] },
    });
    const expiresAt = new Date(clock.nowMs() + 60_000).toISOString();
    const { body: issued } = await issue({ name: 'export', expiresAt });
    const use = (path: string) => test.api('GET', path, undefined, issued.secret);
    expect((await use('/organisations')).status).toBe(200);
    const { organisationId } = await test.tenant({ route: false });
    // Only an administrator's token reaches what is an organisation's own.
    expect(await use(`/organisations/${organisationId}/audit-events`)).toMatchObject({
      status: 403,
      body: { code: 'auth/break_glass_required' },
    });
    expect((await admin(test, { path: '/break-glass', token: issued.secret })).status).toBe(200);
    const listed = await admin<{ data: Record<string, unknown>[] }>(test, { path: `/staff/${id}/tokens` });
    expect(listed.body.data).toMatchObject([{ name: 'export', status: 'active', hint: issued.secret.slice(-4), expiresAt }]);
    expect(JSON.stringify(listed.body)).not.toContain(issued.secret.slice(9, -4));
    clock.advance(60_000);
    expect(await use('/organisations')).toMatchObject({ status: 401, body: { code: 'auth/expired_token' } });
    const { body: next } = await issue({ name: 'next' });
    for (let n = 0; n < 2; n += 1)
      expect((await admin(test, { method: 'DELETE', path: `/staff/${id}/tokens/${next.id}` })).status).toBe(204);
    expect(await test.api('GET', '/organisations', undefined, next.secret)).toMatchObject({
      status: 401,
      body: { code: 'auth/revoked_token' },
    });
    expect((await admin(test, { method: 'DELETE', path: `/staff/${newId()}/tokens/${next.id}` })).status).toBe(404);
  });

  it('refuses what it cannot take, naming the field', async () => {
    const cases: [string, unknown, string][] = [
      ['/staff', { name: 'x', role: 'god' }, 'role'],
      ['/staff', { name: '', role: 'support' }, 'name'],
      ['/staff', { name: 'x', role: 'support', status: 'active' }, 'status'],
      [`/staff/${newId()}/tokens`, { name: 'x', expiresAt: 'soon' }, 'expiresAt'],
    ];
    for (const [path, body, field] of cases) {
      expect(await admin(test, { method: 'POST', path, body })).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    }
    expect((await admin(test, { path: `/staff/${newId()}` })).status).toBe(404);
    expect((await admin(test, { path: '/staff', token: null })).status).toBe(401);
    const { key } = await test.tenant({ route: false });
    expect((await admin(test, { path: '/staff', token: key })).status).toBe(403);
  });
});
