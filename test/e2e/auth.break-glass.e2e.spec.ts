import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { CloseBreakGlassJob } from '../../src/modules/auth/jobs/close-break-glass.job.js';
import { OrganisationAdministration } from '../../src/modules/tenants/tenants.contract.js';
import { ACCOUNTS_ONLY, type Permission } from '../../src/platform/http/permissions.js';
import { type DeclaredRoute, declaredRoutes } from '../../src/platform/http/routes.js';
import { INSTALLATION_PERMISSIONS } from '../../src/platform/http/staff-roles.js';
import { type BrowserAnswer, type Person, signUp } from '../harness/accounts.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { MovableClock } from '../harness/authenticator-app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { admin, recruit, type StaffMember } from '../harness/staff.js';

const REQUIRED = { status: 403, body: { code: 'auth/break_glass_required' } };
const READS_ONLY = { status: 403, body: { code: 'auth/break_glass_reads_only' } };

const clock = new MovableClock();
let database: TestDatabase;
let mail: MailServer;
/** Two replicas on one database. */
let test: TestLethe;
let other: TestLethe;

beforeAll(async () => {
  database = await createTestDatabase();
  mail = await startMailServer();
  const environment = { LETHE_SMTP_URL: mail.url, LETHE_ROLES: 'api,gateway,worker' };
  test = await TestLethe.start({ clock, databaseUrl: database.url, environment });
  const same = { LETHE_ROOT_KEY_FILE: `${test.directory}/root-key.json` };
  other = await TestLethe.start({ clock, databaseUrl: database.url, upstream: test.upstream, environment: same });
});
afterAll(async () => {
  await other?.stop();
  await test?.stop();
  await mail?.close();
  await database?.drop();
});

async function onDuty(role: Parameters<typeof recruit>[2] = 'support'): Promise<StaffMember> {
  const member = await recruit(test, clock, role);
  expect((await member.beginDuty()).status).toBe(200);
  return member;
}

async function customer(): Promise<TestTenant & { readonly owner: Person }> {
  const tenant = await test.tenant({ route: false });
  const owner = await signUp(test.lethe);
  await test.rows(`INSERT INTO membership VALUES ($1, $2, 'owner', 'founder', now(), now())`, [tenant.organisationId, owner.accountId]);
  return { ...tenant, owner };
}

const usedUnder = (grantId: string): Promise<{ organisation_id: string; actor_id: string; detail: Record<string, unknown> }[]> =>
  test.rows(`SELECT organisation_id, actor_id, detail FROM audit_event WHERE action = 'break_glass.used' AND target_id = $1 ORDER BY id`, [
    grantId,
  ]);

describe('break-glass', () => {
  it('S2: staff read an organisation’s own data only under an open grant, of that organisation, and change nothing', async () => {
    const [mine, theirs] = [await customer(), await customer()];
    const sam = await onDuty('administrator');
    const usage = (organisationId: string) => sam.browser.get(`/usage/requests?organisationId=${organisationId}`);
    const credentials = (organisationId: string) => sam.browser.get(`/organisations/${organisationId}/credentials`);
    expect(await usage(mine.organisationId)).toMatchObject(REQUIRED);
    expect(await sam.browser.get('/usage/requests')).toMatchObject(REQUIRED);
    expect(await sam.browser.get('/audit-events')).toMatchObject(REQUIRED);
    expect((await sam.browser.get('/organisations')).status).toBe(200);
    const opened = await sam.openBreakGlass(mine.organisationId);
    expect(opened).toMatchObject({ status: 201, body: { status: 'open', operatorId: sam.operatorId, ticket: 'SUP-1234' } });
    expect((await usage(mine.organisationId)).status).toBe(200);
    expect((await usage(mine.organisationId.toUpperCase())).status).toBe(200);
    const shown = await credentials(mine.organisationId);
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).not.toContain('sk-upstream-test');
    for (const answer of [
      await usage(theirs.organisationId),
      await credentials(theirs.organisationId),
      await sam.browser.get('/usage/requests'),
    ]) {
      expect(answer).toMatchObject(REQUIRED);
    }
    expect(await sam.browser.post(`/organisations/${mine.organisationId}/projects`, { name: 'x' })).toMatchObject(READS_ONLY);
    // Somebody else's grant opens nothing.
    const kim = await onDuty();
    expect(await kim.browser.get(`/usage/requests?organisationId=${mine.organisationId}`)).toMatchObject(REQUIRED);
  });

  it('S2: the organisation is told at once, sees every grant, and every request made under it in its own audit log', async () => {
    const tenant = await customer();
    const sam = await onDuty();
    const { body: grant } = await sam.openBreakGlass(tenant.organisationId, { reason: 'incident', minutes: 5 });
    const letter = await mail.next(tenant.owner.email);
    expect(letter.text).toContain('an incident');
    const [notice] = await test.rows<{ detail: Record<string, unknown> }>(
      `SELECT detail FROM organisation_notice WHERE organisation_id = $1 AND kind = 'break_glass_opened'`,
      [tenant.organisationId],
    );
    expect(notice?.detail).toMatchObject({ grantId: grant.id, reason: 'incident' });
    await sam.browser.get(`/usage/summary?organisationId=${tenant.organisationId}`);
    await sam.browser.get(`/organisations/${tenant.organisationId}/keys`);
    const used = await usedUnder(grant.id);
    expect(used).toMatchObject([
      { organisation_id: tenant.organisationId, actor_id: sam.operatorId, detail: { route: '/api/v1/usage/summary', means: 'duty' } },
      { organisation_id: tenant.organisationId, detail: { method: 'GET', route: '/api/v1/organisations/:organisationId/keys' } },
    ]);
    const seen = await tenant.owner.browser.get<{ data: unknown[] }>(`/organisations/${tenant.organisationId}/break-glass`);
    expect(seen.body.data).toMatchObject([
      { id: grant.id, reason: 'incident', ticket: 'SUP-1234', status: 'open', operatorId: sam.operatorId },
    ]);
    const log = await tenant.owner.browser.get<{ data: { action: string; targetId: string }[] }>(
      `/organisations/${tenant.organisationId}/audit-events`,
    );
    expect(log.body.data.filter(({ targetId }) => targetId === grant.id).map(({ action }) => action)).toEqual([
      'break_glass.used',
      'break_glass.used',
      'break_glass.opened',
    ]);
    const stranger = await customer();
    expect((await stranger.owner.browser.get(`/organisations/${tenant.organisationId}/break-glass`)).status).toBe(404);
  });

  it('S2: closes itself when its time is up, early when asked, and with its operator, on the other replica as well', async () => {
    const tenant = await customer();
    const sam = await onDuty();
    const there = sam.elsewhere(other.url);
    const path = `/usage/requests?organisationId=${tenant.organisationId}`;
    const first = await sam.openBreakGlass(tenant.organisationId, { minutes: 2 });
    expect((await there.get(path)).status).toBe(200);
    expect(await sam.openBreakGlass(tenant.organisationId)).toMatchObject({ status: 409, body: { code: 'auth/break_glass_open' } });
    clock.advance(120_000);
    expect(await there.get(path)).toMatchObject(REQUIRED);
    await test.lethe.get(CloseBreakGlassJob).run(new AbortController().signal);
    const closed = await test.rows<{ actor_kind: string; detail: object }>(
      `SELECT actor_kind, detail FROM audit_event WHERE action = 'break_glass.closed' AND target_id = $1`,
      [first.body.id],
    );
    expect(closed).toEqual([{ actor_kind: 'system', detail: { operatorId: sam.operatorId, early: false } }]);
    const second = await sam.openBreakGlass(tenant.organisationId);
    expect((await there.get(path)).status).toBe(200);
    for (let n = 0; n < 2; n += 1) expect((await sam.send('DELETE', `/admin/v1/break-glass/${second.body.id}`)).status).toBe(204);
    expect(await there.get(path)).toMatchObject(REQUIRED);
    await sam.openBreakGlass(tenant.organisationId);
    for (const status of ['disabled', 'active']) {
      await admin(test, { method: 'PATCH', path: `/staff/${sam.operatorId}`, body: { status } });
    }
    await sam.beginDuty();
    expect(await there.get(path)).toMatchObject(REQUIRED);
    const list = await admin<{ data: { status: string; closedAt: string | null }[] }>(test, {
      path: `/break-glass?organisationId=${tenant.organisationId}`,
    });
    expect(list.body.data.map(({ status }) => status)).toEqual(['closed', 'closed', 'closed']);
  });

  it('S2: a grant does not outlive the role it was opened in', async () => {
    const tenant = await customer();
    const sam = await onDuty();
    const { body: grant } = await sam.openBreakGlass(tenant.organisationId);
    const path = `/organisations/${tenant.organisationId}/audit-events`;
    expect((await sam.browser.get(path)).status).toBe(200);
    const change = (role: string) => admin(test, { method: 'PATCH', path: `/staff/${sam.operatorId}`, body: { role } });
    await change('privacy_officer');
    expect((await sam.browser.get(path)).status).toBe(200);
    await change('auditor');
    expect(await sam.browser.get(path)).toMatchObject(REQUIRED);
    const closed = await test.rows('SELECT closed_at IS NOT NULL AS closed FROM break_glass_grant WHERE id = $1', [grant.id]);
    expect(closed).toEqual([{ closed: true }]);
  });

  it('S2: asks for a person on duty, a recent second factor, a reason of the list and a ticket without words', async () => {
    const tenant = await customer();
    const sam = await onDuty();
    const cases: [object, string][] = [
      [{ reason: 'curious' }, 'reason'],
      [{ ticket: 'Mrs Miller complained' }, 'ticket'],
      [{ ticket: 'a'.repeat(41) }, 'ticket'],
      [{ minutes: 241 }, 'minutes'],
      [{ minutes: 0 }, 'minutes'],
      [{ organisationId: 'x' }, 'organisationId'],
      [{ until: 'ever' }, 'until'],
    ];
    for (const [change, field] of cases) {
      expect(await sam.openBreakGlass(tenant.organisationId, change as Record<string, unknown>)).toMatchObject({
        status: 400,
        body: { errors: [{ field }] },
      });
    }
    expect((await sam.openBreakGlass(newId())).status).toBe(404);
    const body = { organisationId: tenant.organisationId, reason: 'incident', ticket: 'X-1', minutes: 5 };
    expect(await admin(test, { method: 'POST', path: '/break-glass', body })).toMatchObject({
      status: 403,
      body: { code: 'auth/duty_only' },
    });
    const auditor = await onDuty('auditor');
    expect(await auditor.openBreakGlass(tenant.organisationId)).toMatchObject({ status: 403, body: { code: 'http/forbidden' } });
    clock.advance(11 * 60_000);
    expect(await sam.openBreakGlass(tenant.organisationId)).toMatchObject({ status: 403, body: { code: 'http/step_up_required' } });
    await sam.stepUp();
    expect((await sam.openBreakGlass(tenant.organisationId)).status).toBe(201);
  });

  it('S2: the installation’s own organisation is its staff’s without a grant, as far as their role goes', async () => {
    const own = await test.lethe
      .get(OrganisationAdministration)
      .createOrganisation({ slug: 'operator', name: 'Operator', kind: 'operator' }, { kind: 'system', id: 'test' });
    const sam = await onDuty('administrator');
    await expect.poll(async () => (await sam.browser.get(`/organisations/${own.id}/credentials`)).status).toBe(200);
    expect((await sam.browser.post(`/organisations/${own.id}/projects`, { name: 'shared' })).status).toBe(201);
    expect(await sam.openBreakGlass(own.id)).toMatchObject({ status: 400, body: { code: 'auth/break_glass_own' } });
  });

  it('O6: the auditor reads the installation’s own log, without any organisation’s events', async () => {
    const tenant = await customer();
    const sam = await onDuty();
    await sam.openBreakGlass(tenant.organisationId);
    const auditor = await onDuty('auditor');
    const log = await auditor.send<{ data: { action: string; organisationId: string | null }[] }>(
      'GET',
      '/admin/v1/audit-events?limit=200',
    );
    expect(log.body.data.map(({ action }) => action)).toContain('operator_duty.begun');
    expect(log.body.data.filter(({ organisationId }) => organisationId !== null)).toEqual([]);
    expect(await sam.send('GET', '/admin/v1/audit-events')).toMatchObject({ status: 403 });
  });
});

describe('no route slips past', () => {
  const closed = ({ access }: DeclaredRoute): boolean =>
    access?.kind === 'permission' && !INSTALLATION_PERMISSIONS.has(access.permission) && !isPersonal(access.permission);

  function isPersonal(permission: Permission): boolean {
    return (ACCOUNTS_ONLY as readonly Permission[]).includes(permission);
  }

  const routes = (): DeclaredRoute[] => declaredRoutes(test.lethe.get(ModulesContainer));

  function call(member: StaffMember, { method, path }: DeclaredRoute, organisationId: string): Promise<BrowserAnswer<{ code?: string }>> {
    const address = path.replace(':organisationId', organisationId).replace(/:\w+/g, () => newId());
    const query = path.includes(':organisationId') ? '' : `?organisationId=${organisationId}`;
    const verb = method === 'ALL' ? 'GET' : method;
    return member.send(verb, `${address}${query}`, ['GET', 'DELETE', 'HEAD'].includes(verb) ? undefined : {});
  }

  it('S2: an administrator on duty is refused on every route that is an organisation’s own, with a grant for another one open', async () => {
    const [mine, theirs] = [await customer(), await customer()];
    const sam = await onDuty('administrator');
    expect((await sam.openBreakGlass(theirs.organisationId)).status).toBe(201);
    const walked = routes().filter(closed);
    expect(walked.length).toBeGreaterThan(20);
    for (const route of walked) {
      const { status, body } = await call(sam, route, mine.organisationId);
      const refusal = ['auth/break_glass_required', 'auth/break_glass_reads_only'].includes(body.code ?? '') ? 'refused' : body.code;
      expect([`${route.method} ${route.path}`, status, refusal]).toEqual([`${route.method} ${route.path}`, 403, 'refused']);
    }
  });

  it('S2: with a grant each of them that reads leaves a row in the organisation’s log, and each that changes is refused', async () => {
    const mine = await customer();
    const sam = await onDuty('administrator');
    const { body: grant } = await sam.openBreakGlass(mine.organisationId, { minutes: 240 });
    const walked = routes().filter(closed);
    const reads = walked.filter(({ access }) => access?.kind === 'permission' && access.permission.endsWith(':read'));
    for (const route of walked) {
      const { status, body } = await call(sam, route, mine.organisationId);
      if (reads.includes(route)) expect([route.path, body.code?.startsWith('auth/break_glass') ?? false]).toEqual([route.path, false]);
      else expect([route.path, status, body.code]).toEqual([route.path, 403, 'auth/break_glass_reads_only']);
    }
    const used = await usedUnder(grant.id);
    expect(used.map(({ detail }) => String(detail['route'])).sort()).toEqual(reads.map(({ path }) => path).sort());
  });

  it('S2: the routes that take an organisation and need no grant are these, and tell of it as a customer, of how long and by which hold its things are kept, or of a key whether it is blocked', () => {
    const open = routes().filter(
      (route) => route.path.includes(':organisationId') && route.access?.kind === 'permission' && !closed(route),
    );
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /admin/v1/organisations/:organisationId/keys/:keyId/block',
      'POST /admin/v1/organisations/:organisationId/keys/:keyId/release',
      'PUT /admin/v1/organisations/:organisationId/plan',
      'GET /api/v1/organisations/:organisationId',
      'PATCH /api/v1/organisations/:organisationId',
      'GET /api/v1/organisations/:organisationId/legal-holds',
      'GET /api/v1/organisations/:organisationId/retention',
    ]);
  });
});
