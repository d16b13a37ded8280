import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import { newId, type OrganisationId } from '../../src/kernel/ids.js';
import { Memberships } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../src/platform/http/permissions.js';
import { type Browser, type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { killAt, memberOf, rolesIn } from '../harness/organisations.js';

const MINUTE_MS = 60_000;

let here: TestLethe;
let there: TestLethe;
let acme: OrganisationId;
let owner: Person;
const clock = new ManualClock(Date.now());
let founded = 0;

beforeAll(async () => {
  const environment = { LETHE_PEOPLE_CREATE_ORGANISATIONS: 'true', LETHE_ROLES: 'api' };
  here = await TestLethe.start({ clock, environment });
  there = await TestLethe.start({ clock, databaseUrl: here.databaseUrl, upstream: here.upstream, environment: { LETHE_ROLES: 'api' } });
});

afterAll(async () => {
  await there?.stop();
  await here?.stop();
});

beforeEach(async () => {
  owner = await signUp(here.lethe);
  acme = await found(owner.browser);
});

async function found(browser: Browser): Promise<OrganisationId> {
  const answer = await browser.post<{ id: OrganisationId }>('/organisations', { slug: `acme-${(founded += 1)}`, name: 'Acme' });
  expect([answer.status, answer.body]).toMatchObject([201, { status: 'active' }]);
  return answer.body.id;
}

function at(path = ''): string {
  return `/organisations/${acme}${path}`;
}

/** The same person on another replica. */
function elsewhere({ browser }: Person): Browser {
  const other = Object.assign(Object.create(Object.getPrototypeOf(browser)) as Browser, browser);
  return Object.assign(other, { url: there.url });
}

async function codeOf(answer: Promise<{ status: number; body: Record<string, unknown> }>): Promise<unknown[]> {
  const { status, body } = await answer;
  return [status, body['code']];
}

describe('founding an organisation', () => {
  it('A2: whoever founds one owns it from the first moment, and lists it as their own', async () => {
    expect(await rolesIn(here, acme)).toEqual({ [owner.accountId]: 'owner' });
    const second = await found(owner.browser);
    const { body } = await owner.browser.get<{ data: { id: string }[] }>('/organisations');
    expect(body.data.map(({ id }) => id)).toEqual([acme, second]);
    const page = await owner.browser.get<{ data: unknown[]; nextCursor: string }>('/organisations?limit=1');
    expect(page.body.data).toHaveLength(1);
    const rest = await owner.browser.get<{ data: { id: string }[] }>(`/organisations?limit=1&cursor=${page.body.nextCursor}`);
    expect(rest.body.data.map(({ id }) => id)).toEqual([second]);
    const stranger = await signUp(here.lethe);
    expect((await stranger.browser.get('/organisations')).body).toEqual({ data: [], nextCursor: null });
    const audited = await here.rows('SELECT action, actor_id FROM audit_event WHERE organisation_id = $1 ORDER BY id', [acme]);
    expect(audited).toEqual([
      { action: 'organisation.created', actor_id: owner.accountId },
      { action: 'member.added', actor_id: owner.accountId },
    ]);
  });

  it('refuses reserved and taken slugs, more than ten, and all where only operators make organisations', async () => {
    const post = (slug: string, browser = owner.browser) => browser.post('/organisations', { slug, name: 'Acme' });
    for (const slug of ['operator', 'admin', 'xn--acme']) expect((await post(slug)).body['errors']).toMatchObject([{ field: 'slug' }]);
    expect(await codeOf(post(`acme-${founded}`))).toEqual([409, 'tenants/slug_taken']);
    const busy = await signUp(here.lethe);
    const answers = await Promise.all(Array.from({ length: 13 }, (_, n) => post(`busy-${n}`, busy.browser)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ body }) => body['code'] === 'tenants/too_many_organisations')).toHaveLength(3);
    expect(await codeOf(post('elsewhere', elsewhere(owner)))).toEqual([403, 'tenants/creation_off']);
    expect((await here.rows(`SELECT 1 FROM organisation WHERE slug IN ('operator', 'elsewhere', 'admin')`)).length).toBe(0);
  });

  it.each([
    ['the organisation is made', 'organisation', 'true'],
    ['its owner is made', 'membership', 'true'],
    ['that is audited', 'audit_event', "row.action = 'member.added'"],
  ] as const)('killed when %s leaves no half state', async (_step, table, when) => {
    const ada = await signUp(here.lethe);
    const spring = await killAt(here, table, 'INSERT', when);
    const wanted = { slug: `killed-${(founded += 1)}`, name: 'Killed' };
    expect((await ada.browser.post('/organisations', wanted)).status).toBeGreaterThanOrEqual(500);
    await spring();
    expect((await ada.browser.get('/organisations')).body).toEqual({ data: [], nextCursor: null });
    expect(await here.rows('SELECT FROM organisation WHERE slug = $1', [wanted.slug])).toEqual([]);
    expect((await ada.browser.post('/organisations', wanted)).status).toBe(201);
  });

  it('an operator’s organisation has no members, as ever', async () => {
    const { status, body } = await here.api<{ id: OrganisationId }>('POST', '/organisations', { slug: 'support', name: 'By hand' });
    expect([status, await rolesIn(here, body.id)]).toEqual([201, {}]);
  });
});

describe('what an organisation asks of its members', () => {
  it('A1: only one who has a second factor can demand one, and whoever has none can then do nothing but set one up', async () => {
    const demand = (browser: Browser) => browser.request('PATCH', at(), { secondFactorRequired: true });
    expect(await codeOf(demand(owner.browser))).toEqual([409, 'tenants/second_factor_missing']);
    const strong = await signIn(here.lethe, owner.accountId, { method: 'webauthn', secondFactorDone: true });
    expect((await demand(strong)).body).toMatchObject({ secondFactorRequired: true });
    const weak = await memberOf(here, acme, 'developer');
    expect(await codeOf(weak.browser.get(at()))).toEqual([401, 'accounts/second_factor_required']);
    expect((await strong.request('PATCH', at(), { secondFactorRequired: false })).status).toBe(200);
    expect((await weak.browser.get(at())).status).toBe(200);
  });

  it('to a member outside its networks it does not exist, and nobody can shut themselves out', async () => {
    const networks = (memberNetworks: string[]) => owner.browser.request('PATCH', at(), { memberNetworks });
    expect((await networks(['203.0.113.0/24'])).body['errors']).toMatchObject([{ field: 'memberNetworks' }]);
    expect((await networks(['nowhere', '127.0.0.1'])).body['errors']).toMatchObject([{ field: 'memberNetworks[0]' }]);
    expect((await networks(['127.0.0.1/8'])).body).toMatchObject({ memberNetworks: ['127.0.0.0/8'] });
    await here.rows(`UPDATE organisation SET member_networks = '{203.0.113.0/24}' WHERE id = $1`, [acme]);
    expect((await owner.browser.get(at())).status).toBe(404);
    expect((await owner.browser.get<{ data: unknown[] }>('/organisations')).body.data).toEqual([]);
  });

  it('an owner may stop it and an admin may not; only an operator lets it go on', async () => {
    const admin = await memberOf(here, acme, 'admin');
    const status = (browser: Browser, wanted: string) => browser.request('PATCH', at(), { status: wanted });
    expect((await status(admin.browser, 'suspended')).status).toBe(403);
    expect((await status(owner.browser, 'suspended')).body).toMatchObject({ status: 'suspended' });
    expect((await status(owner.browser, 'active')).status).toBe(403);
    expect((await here.api('PATCH', at(), { status: 'active' })).body).toMatchObject({ status: 'active' });
  });
});

describe('members', () => {
  const change = (browser: Browser, person: Person, role: OrganisationRole) =>
    browser.request('PATCH', at(`/members/${person.accountId}`), { role });

  it('A2: an admin neither changes nor removes whoever becomes an owner at that moment', async () => {
    const admin = await memberOf(here, acme, 'admin');
    const remove = (browser: Browser, person: Person) => browser.request('DELETE', at(`/members/${person.accountId}`));
    for (const act of [remove, (browser: Browser, person: Person) => change(browser, person, 'viewer')]) {
      const rising = await memberOf(here, acme, 'developer');
      const [promoted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const promotion = here.lethe.get(UnitOfWork).forOrganisation(acme, async (tx) => {
        const member = { organisationId: acme, accountId: rising.accountId, role: 'owner' } as const;
        await here.lethe.get(Memberships).changeRole(tx, member, { kind: 'system', id: 'test' });
        promoted.resolve();
        await mayCommit.promise;
      });
      await promoted.promise;
      const answer = codeOf(act(admin.browser, rising));
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await here.rows(waiting)).length, { timeout: 5_000 }).toBe(1);
      mayCommit.resolve();
      await promotion;
      expect(await answer).toEqual([403, 'members/role_beyond_yours']);
      expect((await rolesIn(here, acme))[rising.accountId]).toBe('owner');
    }
  });

  it('are listed and read by every member with what tells them apart, and by nobody else', async () => {
    const viewer = await memberOf(here, acme, 'viewer');
    const { body } = await viewer.browser.get<{ data: Record<string, unknown>[] }>(at('/members'));
    expect(body.data.map(({ accountId, role, email }) => [accountId, role, email])).toEqual([
      [owner.accountId, 'owner', owner.email],
      [viewer.accountId, 'viewer', viewer.email],
    ]);
    expect((await viewer.browser.get(at(`/members/${owner.accountId}`))).body).toMatchObject({ role: 'owner', source: 'founder' });
    expect((await viewer.browser.get(at(`/members/${newId()}`))).status).toBe(404);
    const stranger = await signUp(here.lethe);
    for (const path of ['/members', `/members/${viewer.accountId}`]) expect((await stranger.browser.get(at(path))).status).toBe(404);
  });

  it('A2: a changed role and a removal hold on a second replica from the next request on', async () => {
    const kim = await memberOf(here, acme, 'developer');
    const other = elsewhere(kim);
    expect((await other.get(at('/keys'))).status).toBe(200);
    expect((await change(owner.browser, kim, 'viewer')).body).toMatchObject({ role: 'viewer' });
    expect(await codeOf(other.get(at('/keys')))).toEqual([403, 'http/forbidden']);
    expect((await other.get(at())).status).toBe(200);
    expect((await owner.browser.request('DELETE', at(`/members/${kim.accountId}`))).status).toBe(204);
    expect((await other.get(at())).status).toBe(404);
    const notices = await here.rows<{ kind: string }>('SELECT kind FROM account_notice WHERE account_id = $1 ORDER BY id', [kim.accountId]);
    expect(notices.map(({ kind }) => kind)).toEqual(['role_changed', 'member_removed']);
  });

  it('A2: nobody gives, takes or changes a role that may do more than their own', async () => {
    const admin = await memberOf(here, acme, 'admin');
    const viewer = await memberOf(here, acme, 'viewer');
    const second = await memberOf(here, acme, 'owner');
    expect(await codeOf(change(admin.browser, viewer, 'owner'))).toEqual([403, 'members/role_beyond_yours']);
    expect(await codeOf(change(admin.browser, admin, 'owner'))).toEqual([403, 'members/role_beyond_yours']);
    expect(await codeOf(change(admin.browser, second, 'viewer'))).toEqual([403, 'members/role_beyond_yours']);
    const removal = admin.browser.request('DELETE', at(`/members/${second.accountId}`));
    expect(await codeOf(removal)).toEqual([403, 'members/role_beyond_yours']);
    expect(await codeOf(change(viewer.browser, viewer, 'admin'))).toEqual([403, 'http/forbidden']);
    expect((await change(admin.browser, viewer, 'admin')).status).toBe(200);
    expect((await change(owner.browser, second, 'billing')).status).toBe(200);
  });

  it('A2: the last owner can neither leave, be removed, nor step down; others leave as they like', async () => {
    const kim = await memberOf(here, acme, 'privacy_officer');
    for (const attempt of [
      owner.browser.post(at('/leave')),
      owner.browser.request('DELETE', at(`/members/${owner.accountId}`)),
      change(owner.browser, owner, 'admin'),
    ]) {
      expect(await codeOf(attempt)).toEqual([409, 'tenants/last_owner']);
    }
    expect((await kim.browser.post(at('/leave'))).status).toBe(204);
    expect((await kim.browser.get(at())).status).toBe(404);
    expect(await rolesIn(here, acme)).toEqual({ [owner.accountId]: 'owner' });
  });

  it('changing them takes a proof of the last ten minutes', async () => {
    const kim = await memberOf(here, acme, 'viewer');
    clock.advance(11 * MINUTE_MS);
    for (const attempt of [
      change(owner.browser, kim, 'admin'),
      owner.browser.request('DELETE', at(`/members/${kim.accountId}`)),
      owner.browser.post(at('/invitations'), { email: 'kim@example.com', role: 'viewer' }),
      owner.browser.post(at('/ownership-offer'), { accountId: kim.accountId }),
      owner.browser.request('PATCH', at(), { memberNetworks: [] }),
    ]) {
      expect(await codeOf(attempt)).toEqual([403, 'http/step_up_required']);
    }
    expect((await owner.browser.get(at('/members'))).status).toBe(200);
  });

  it('K4: the keys of a member who was removed stay with the organisation, and the audit log says who made them', async () => {
    const kim = await memberOf(here, acme, 'developer');
    const project = await owner.browser.post<{ id: string }>(at('/projects'), { name: 'main' });
    const wanted = { name: 'backend', projectId: project.body.id, scopes: ['usage:read'] };
    const { body: key } = await kim.browser.post<{ id: string; secret: string }>(at('/keys'), wanted);
    await owner.browser.request('DELETE', at(`/members/${kim.accountId}`));
    expect((await here.api('GET', '/me', undefined, key.secret)).body).toMatchObject({ kind: 'service_key', id: key.id });
    const { body: events } = await owner.browser.get<{ data: Record<string, unknown>[] }>(at('/audit-events'));
    expect(events.data.find(({ action }) => action === 'api_key.created')).toMatchObject({ actorKind: 'account', actorId: kim.accountId });
  });

  it('K4: a developer rotates a key with overlap, sees the old secret’s end, and ends it early', async () => {
    const kim = await memberOf(here, acme, 'developer');
    const project = await owner.browser.post<{ id: string }>(at('/projects'), { name: 'main' });
    const wanted = { name: 'backend', projectId: project.body.id, scopes: ['usage:read'] };
    const { body: key } = await kim.browser.post<{ id: string; secret: string; hint: string }>(at('/keys'), wanted);
    const rotated = await kim.browser.post<{ secret: string }>(at(`/keys/${key.id}/rotate`));
    const day = new Date(clock.nowMs() + DAY_MS).toISOString();
    expect([rotated.status, rotated.body]).toMatchObject([200, { id: key.id, previousSecret: { hint: key.hint, validUntil: day } }]);
    expect(rotated.headers.get('cache-control')).toBe('no-store');
    const me = async (secret: string) => (await there.api('GET', '/me', undefined, secret)).status;
    expect([await me(key.secret), await me(rotated.body.secret)]).toEqual([200, 200]);
    expect((await kim.browser.request('DELETE', at(`/keys/${key.id}/previous-secret`))).status).toBe(204);
    await expect.poll(() => me(key.secret), { timeout: 1_000, interval: 10 }).toBe(401);
    expect((await kim.browser.get(at(`/keys/${key.id}`))).body).toMatchObject({ previousSecret: null });
    for (const previousValidUntil of ['soon', new Date(clock.nowMs() + 8 * DAY_MS).toISOString(), new Date(0).toISOString()]) {
      const { status, body } = await kim.browser.post(at(`/keys/${key.id}/rotate`), { previousValidUntil });
      expect([status, body['errors']]).toMatchObject([400, [{ field: 'previousValidUntil' }]]);
    }
    const changed = await kim.browser.request('PATCH', at(`/keys/${key.id}`), {
      name: 'front',
      allowedNetworks: ['10.1.2.3/8'],
      expiresAt: null,
    });
    expect(changed.body).toMatchObject({ name: 'front', allowedNetworks: ['10.0.0.0/8'], expiresAt: null });
    await expect.poll(() => me(rotated.body.secret), { timeout: 1_000, interval: 10 }).toBe(403);
  });
});
