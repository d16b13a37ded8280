import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountId, OrganisationId } from '../../src/kernel/ids.js';
import { ProveDomainsAgain } from '../../src/modules/federation/core/prove-domains-again.js';
import { RefreshProfiles } from '../../src/modules/federation/core/refresh-profiles.js';
import { SignIn } from '../../src/modules/accounts/accounts.contract.js';
import { ExternalProfiles } from '../../src/modules/federation/federation.contract.js';
import { Memberships } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { type Person, signUp } from '../harness/accounts.js';
import type { TestLethe } from '../harness/app.js';
import { DnsServer } from '../harness/identity/dns-server.js';
import { FederatedBrowser } from '../harness/identity/federated-browser.js';
import { admin, makeProvider, startFederation } from '../harness/identity/federation.js';
import { OpenIdProvider } from '../harness/identity/openid-provider.js';

// Organisations with an identity provider and a domain of their own, proven by a real name server.
let lethe: TestLethe;
let openid: OpenIdProvider;
let dns: DnsServer;

const CLIENT = { clientId: 'lethe', clientSecret: 'a secret of the tests' };
const ACTOR = { kind: 'system', id: 'test' } as const;

beforeAll(async () => {
  [openid, dns] = await Promise.all([OpenIdProvider.start(), DnsServer.start()]);
  lethe = await startFederation({ LETHE_DNS_SERVERS: dns.address, LETHE_SIGN_UP: 'invitation' });
});

afterAll(async () => {
  await lethe?.stop();
  await openid?.stop();
  await dns?.stop();
});

let made = 0;

interface Company {
  readonly organisationId: OrganisationId;
  readonly owner: Person;
  readonly domain: string;
  readonly domainId: string;
  readonly providerId: string;
  readonly path: string;
}

/** An organisation with an owner, a proven domain and a provider that people of it are sent to. */
async function company(settings: object = {}, ssoRequired = false): Promise<Company> {
  made += 1;
  const domain = `company-${made}.example`;
  const { organisationId } = await lethe.tenant({ route: false });
  const owner = await signUp(lethe.lethe, { email: `owner-${made}@private.example` });
  await lethe.lethe
    .get(UnitOfWork)
    .asSystem((tx) =>
      lethe.lethe.get(Memberships).add(tx, { organisationId, accountId: owner.accountId, role: 'owner', source: 'founder' }, ACTOR),
    );
  const path = `/organisations/${organisationId}`;
  const body = { name: 'ours', kind: 'oidc', issuer: openid.issuer, ...CLIENT, settings };
  const provider = await owner.browser.post<{ id: string; callbackUrl: string }>(`${path}/identity-providers`, body);
  expect(provider.status).toBe(201);
  openid.register({ ...CLIENT, redirectUri: provider.body.callbackUrl });
  const { domainId } = await prove(owner, path, domain);
  const changed = await owner.browser.request('PATCH', `${path}/domains/${domainId}`, { providerId: provider.body.id, ssoRequired });
  expect(changed).toMatchObject({ status: 200, body: { providerId: provider.body.id, ssoRequired } });
  return { organisationId, owner, domain, domainId, providerId: provider.body.id, path };
}

async function prove(owner: Person, path: string, domain: string): Promise<{ domainId: string }> {
  const claimed = await owner.browser.post<{ id: string; recordName: string; recordValue: string }>(`${path}/domains`, { domain });
  expect(claimed).toMatchObject({ status: 201, body: { verifiedAt: null, recordName: `_lethe-challenge.${domain}` } });
  dns.texts.set(claimed.body.recordName, ['something else', claimed.body.recordValue]);
  const verified = await owner.browser.post(`${path}/domains/${claimed.body.id}/verify`);
  expect(verified).toMatchObject({ status: 200, body: { verifiedAt: expect.any(String) } });
  return { domainId: claimed.body.id };
}

/** Has somebody come through the company's provider. */
async function come(to: Company, email: string, claims: object = {}) {
  openid.people.set(email, { email, ...claims });
  openid.signsIn = email;
  const browser = FederatedBrowser.at(lethe.url);
  return { browser, page: await browser.signIn(to.providerId) };
}

const memberships = (accountId: unknown) => lethe.rows('SELECT * FROM membership WHERE account_id = $1', [accountId]);

describe('A1: an organisation’s own identity provider', () => {
  it('brings people of its proven domain in, with an account and the role that was chosen', async () => {
    const acme = await company({ memberRole: 'developer' });
    const { browser, page } = await come(acme, `kim@${acme.domain}`);
    expect(page).toMatchObject({ status: 303 });
    const me = await browser.lethe.get('/me');
    expect(await memberships(me.body['id'])).toMatchObject([{ organisation_id: acme.organisationId, role: 'developer', source: 'sso' }]);
  });

  it('opens the account that has proven an address of the domain before', async () => {
    const acme = await company();
    const { accountId, email } = await signUp(lethe.lethe, { email: `lee@${acme.domain}` });
    expect((await come(acme, email)).page.status).toBe(303);
    expect(await memberships(accountId)).toMatchObject([{ organisation_id: acme.organisationId, role: 'viewer', source: 'sso' }]);
  });

  it('A3: speaks for no address outside its domain, whatever it says of it', async () => {
    const [acme, rival] = [await company(), await company()];
    const victim = await signUp(lethe.lethe, { email: 'victim@gmail.com' });
    for (const email of [victim.email, `kim@${rival.domain}`, `kim@sub.${rival.domain}`, 'new@elsewhere.org']) {
      openid.register({ ...CLIENT, redirectUri: `http://lethe.test/api/v1/sign-in/providers/${acme.providerId}/callback` });
      const { page } = await come(acme, email, { email_verified: true });
      expect(page, email).toMatchObject({ status: 403, body: { code: 'federation/domain_not_admitted' } });
    }
    expect(await memberships(victim.accountId)).toEqual([]);
  });

  it('A3: is linked to no account outside its domain, and opens none any more once the domain is let go', async () => {
    const acme = await company();
    const begun = await acme.owner.browser.post('/account/identities', { providerId: acme.providerId });
    openid.people.set('owner', { email: `owner@${acme.domain}` });
    openid.signsIn = 'owner';
    const guest = new FederatedBrowser(acme.owner.browser);
    const page = await guest.visit(await guest.walk(String(begun.body['authorisationUrl'])));
    expect(page).toMatchObject({ status: 403, body: { code: 'federation/domain_not_admitted' } });
    expect((await come(acme, `kim@${acme.domain}`)).page.status).toBe(303);
    expect((await acme.owner.browser.request('DELETE', `${acme.path}/domains/${acme.domainId}`)).status).toBe(204);
    expect((await come(acme, `kim@${acme.domain}`)).page).toMatchObject({ status: 403, body: { code: 'federation/domain_not_admitted' } });
  });

  it('leaves those outside who are no members, when it may not make them', async () => {
    const acme = await company({ memberRole: null });
    expect((await come(acme, `kim@${acme.domain}`)).page).toMatchObject({ status: 403, body: { code: 'federation/not_a_member' } });
    expect(await lethe.rows('SELECT 1 FROM account WHERE email = $1', [`kim@${acme.domain}`])).toEqual([]);
  });

  it('is believed about second factors in its own organisation and nowhere else', async () => {
    const acme = await company({ secondFactor: 'always' });
    const other = await lethe.tenant({ route: false });
    const factorOf = async (email: string): Promise<unknown> => {
      const { browser } = await come(acme, email);
      const { body } = await browser.lethe.get('/me');
      const rows = await lethe.rows('SELECT second_factor_at IS NOT NULL AS done FROM account_session WHERE account_id = $1 ORDER BY id', [
        body['id'],
      ]);
      await lethe.lethe.get(UnitOfWork).asSystem(async (tx) => {
        const member = { organisationId: other.organisationId, accountId: body['id'] as AccountId };
        if ((await lethe.lethe.get(Memberships).find(tx, member.organisationId, member.accountId)) === null)
          await lethe.lethe.get(Memberships).add(tx, { ...member, role: 'viewer', source: 'invitation' }, ACTOR);
      });
      return rows.at(-1)?.['done'];
    };
    expect(await factorOf(`kim@${acme.domain}`)).toBe(true);
    expect(await factorOf(`kim@${acme.domain}`)).toBe(false);
  });

  it('makes nobody a VIP of the installation', async () => {
    const acme = await company({ claims: { vip: 'email_verified', vipValues: ['true'] } });
    const { browser } = await come(acme, `kim@${acme.domain}`, { email_verified: true });
    const { body } = await browser.lethe.get('/me');
    expect(await lethe.rows('SELECT vip FROM external_identity WHERE account_id = $1', [body['id']])).toEqual([{ vip: true }]);
    expect(await isVip(body['id'] as AccountId)).toBe(false);
  });
});

const isVip = (accountId: AccountId): Promise<boolean> =>
  lethe.lethe.get(UnitOfWork).asSystem((tx) => lethe.lethe.get(ExternalProfiles).isVip(tx, accountId));

describe('a domain', () => {
  it('is proven by its TXT record and by nothing else', async () => {
    const acme = await company();
    const claimed = await acme.owner.browser.post<{ id: string }>(`${acme.path}/domains`, { domain: 'Unproven.EXAMPLE' });
    expect(claimed.body).toMatchObject({ domain: 'unproven.example' });
    const verify = () => acme.owner.browser.post(`${acme.path}/domains/${claimed.body.id}/verify`);
    expect(await verify()).toMatchObject({ status: 409, body: { code: 'federation/domain_not_proven' } });
    dns.texts.set('_lethe-challenge.unproven.example', ['lethe-domain-verification=another']);
    expect(await verify()).toMatchObject({ status: 409 });
    const demand = { providerId: acme.providerId, ssoRequired: true };
    expect(await acme.owner.browser.request('PATCH', `${acme.path}/domains/${claimed.body.id}`, demand)).toMatchObject({
      status: 409,
      body: { code: 'federation/domain_unproven' },
    });
  });

  it('A3: is looked for again every day, and loses its effect when its record has been gone for a week; the organisation is told', async () => {
    const acme = await company({}, true);
    const again = lethe.lethe.get(ProveDomainsAgain);
    const record = `_lethe-challenge.${acme.domain}`;
    const texts = dns.texts.get(record) ?? [];
    const state = () =>
      lethe.rows<{ proven: boolean; missing: boolean; sso: boolean }>(
        'SELECT verified_at IS NOT NULL AS proven, missing_since IS NOT NULL AS missing, sso_required AS sso FROM captured_domain WHERE id = $1',
        [acme.domainId],
      );
    const told = async () =>
      (
        await lethe.rows<{ kind: string }>('SELECT kind FROM organisation_notice WHERE organisation_id = $1 ORDER BY id', [
          acme.organisationId,
        ])
      ).map(({ kind }) => kind);
    await again.run();
    expect(await state()).toEqual([{ proven: true, missing: false, sso: true }]);
    dns.texts.delete(record);
    await again.run();
    await again.run();
    expect(await state()).toEqual([{ proven: true, missing: true, sso: true }]);
    expect(await told()).toEqual(['domain_record_missing']);
    dns.texts.set(record, texts);
    expect((await acme.owner.browser.post(`${acme.path}/domains/${acme.domainId}/verify`)).status).toBe(200);
    expect(await state()).toEqual([{ proven: true, missing: false, sso: true }]);
    dns.texts.delete(record);
    await again.run();
    dns.texts.set(record, texts);
    await again.run();
    expect(await state()).toEqual([{ proven: true, missing: false, sso: true }]);
    dns.texts.delete(record);
    await again.run();
    await lethe.rows(`UPDATE captured_domain SET missing_since = missing_since - interval '7 days' WHERE id = $1`, [acme.domainId]);
    await again.run();
    expect(await state()).toEqual([{ proven: false, missing: false, sso: false }]);
    expect(await told()).toEqual([...Array<string>(3).fill('domain_record_missing'), 'domain_lost']);
    expect((await come(acme, `kim@${acme.domain}`)).page).toMatchObject({ status: 403, body: { code: 'federation/domain_not_admitted' } });
  });

  it('A3: belongs to whoever proves it first, and a claim of another is without effect', async () => {
    const [acme, rival] = [await company(), await company()];
    const claimed = await rival.owner.browser.post<{ id: string; recordName: string; recordValue: string }>(`${rival.path}/domains`, {
      domain: acme.domain,
    });
    dns.texts.set(claimed.body.recordName, [claimed.body.recordValue]);
    expect(await rival.owner.browser.post(`${rival.path}/domains/${claimed.body.id}/verify`)).toMatchObject({
      status: 409,
      body: { code: 'federation/domain_taken' },
    });
    const direction = await lethe.api('POST', '/sign-in/discovery', { email: `kim@${acme.domain}` }, null);
    expect(direction.body).toMatchObject({ provider: { id: acme.providerId }, required: false });
  });

  it('A3: and providers are hidden from other organisations, their providers from its domains', async () => {
    const [acme, rival] = [await company(), await company()];
    const { browser } = rival.owner;
    for (const path of [`${acme.path}/domains`, `${acme.path}/identity-providers`, `${acme.path}/domains/${acme.domainId}`])
      expect((await browser.get(path)).status, path).toBe(404);
    for (const path of [`domains/${acme.domainId}`, `identity-providers/${acme.providerId}`])
      expect((await browser.get(`${rival.path}/${path}`)).status, path).toBe(404);
    const stolen = await browser.request('PATCH', `${rival.path}/domains/${rival.domainId}`, { providerId: acme.providerId });
    expect(stolen).toMatchObject({ status: 404, body: { code: 'federation/provider_not_found' } });
    expect((await browser.request('DELETE', `${rival.path}/identity-providers/${acme.providerId}`)).status).toBe(404);
  });

  it('A2: is for owners and admins: a developer of the organisation may neither see nor change it', async () => {
    const acme = await company({ memberRole: 'developer' });
    const { browser } = await come(acme, `dev@${acme.domain}`);
    expect((await browser.lethe.get(`${acme.path}/domains`)).status).toBe(403);
    expect((await browser.lethe.get(`${acme.path}/identity-providers`)).status).toBe(403);
  });

  it('says where to sign in to anybody, and nothing about who has an account', async () => {
    const acme = await company({}, true);
    for (const name of ['kim', 'nobody-at-all']) {
      const { body } = await lethe.api('POST', '/sign-in/discovery', { email: `${name}@${acme.domain.toUpperCase()}` }, null);
      expect(body).toEqual({ provider: { id: acme.providerId, name: 'ours', kind: 'oidc', preset: null }, required: true });
    }
    expect((await lethe.api('POST', '/sign-in/discovery', { email: 'kim@elsewhere.org' }, null)).body).toEqual({
      provider: null,
      required: false,
    });
  });
});

describe('an organisation that demands single sign-on', () => {
  it('has its people refused in every other way, and let in through its provider', async () => {
    const acme = await company({}, true);
    const { accountId, email } = await signUpBefore(acme);
    for (const method of ['password', 'email_link', 'webauthn'] as const) {
      const how = { method, secondFactorDone: false };
      const opened = lethe.lethe.get(SignIn).open(accountId, how, { remoteAddress: '127.0.0.1', userAgent: null });
      await expect(opened).rejects.toMatchObject({ code: 'federation/sso_required', details: { providerId: acme.providerId } });
    }
    expect((await come(acme, email)).page.status).toBe(303);
  });

  it('A2: opens no owner’s account unasked, and lets an owner in to link, who then comes through it as all do', async () => {
    const acme = await company({}, true);
    const chief = await signUp(lethe.lethe, { email: `chief@private-${acme.domain}` });
    await lethe.rows('UPDATE account SET email = $2, email_normal = $2 WHERE id = $1', [chief.accountId, `chief@${acme.domain}`]);
    const member = { organisationId: acme.organisationId, accountId: chief.accountId, role: 'owner', source: 'invitation' } as const;
    await lethe.lethe.get(UnitOfWork).asSystem((tx) => lethe.lethe.get(Memberships).add(tx, member, ACTOR));
    const unasked = await come(acme, `chief@${acme.domain}`);
    expect(unasked.page).toMatchObject({ status: 409, body: { code: 'federation/link_required' } });
    const byLink = { method: 'email_link', secondFactorDone: false } as const;
    const origin = { remoteAddress: '127.0.0.1', userAgent: null };
    await expect(lethe.lethe.get(SignIn).open(chief.accountId, byLink, origin)).resolves.toMatchObject({ accountId: chief.accountId });
    const begun = await chief.browser.post('/account/identities', { providerId: acme.providerId });
    const linking = new FederatedBrowser(chief.browser);
    expect(await linking.visit(await linking.walk(String(begun.body['authorisationUrl'])))).toMatchObject({ status: 303 });
    await expect(lethe.lethe.get(SignIn).open(chief.accountId, byLink, origin)).rejects.toMatchObject({ code: 'federation/sso_required' });
    expect((await come(acme, `chief@${acme.domain}`)).page.status).toBe(303);
  });

  it('has them refused through the installation’s providers too', async () => {
    const acme = await company({}, true);
    const google = await makeProvider(lethe, { ...CLIENT, issuer: openid.issuer, settings: { trustedEmailDomains: ['*'] } });
    const { email } = await signUpBefore(acme);
    openid.register({ ...CLIENT, redirectUri: google.callbackUrl });
    openid.people.set(email, { email, email_verified: true });
    openid.signsIn = email;
    const page = await FederatedBrowser.at(lethe.url).signIn(google.id, { attestedAge: 16 });
    expect(page).toMatchObject({ status: 403, body: { code: 'federation/sso_required', details: { providerId: acme.providerId } } });
    expect(await lethe.rows('SELECT 1 FROM external_identity WHERE provider_id = $1', [google.id])).toEqual([]);
  });

  it('cannot remove that provider, and is let out by the installation’s staff when it is gone', async () => {
    const acme = await company({}, true);
    const removal = await acme.owner.browser.request('DELETE', `${acme.path}/identity-providers/${acme.providerId}`);
    expect(removal).toMatchObject({ status: 409, body: { code: 'federation/provider_in_use' } });
    const { accountId } = await signUpBefore(acme);
    const lifted = await admin(lethe, 'POST', '/single-sign-on/lift', { domain: acme.domain });
    expect(lifted).toMatchObject({ status: 200, body: { ssoRequired: false } });
    const opened = lethe.lethe
      .get(SignIn)
      .open(accountId, { method: 'email_link', secondFactorDone: false }, { remoteAddress: '::1', userAgent: null });
    await expect(opened).resolves.toMatchObject({ accountId });
    const audit = await lethe.rows("SELECT 1 FROM audit_event WHERE action = 'captured_domain.lifted' AND organisation_id = $1", [
      acme.organisationId,
    ]);
    expect(audit).toHaveLength(1);
  });

  /** Somebody of the domain whose account is older than the demand. */
  async function signUpBefore(acme: Company): Promise<{ accountId: AccountId; email: string }> {
    await acme.owner.browser.request('PATCH', `${acme.path}/domains/${acme.domainId}`, { ssoRequired: false });
    const { accountId, email } = await signUp(lethe.lethe, { email: `old@${acme.domain}` });
    await acme.owner.browser.request('PATCH', `${acme.path}/domains/${acme.domainId}`, { ssoRequired: true });
    return { accountId, email };
  }
});

describe('A1: the refresh job', () => {
  const due = () => lethe.rows(`UPDATE external_grant SET refresh_at = now() - interval '1 minute'`);
  const run = () => lethe.lethe.get(RefreshProfiles).run();

  it('asks again with the sealed token it was granted, and a VIP who is none any more stops being one', async () => {
    const open = await startFederation();
    const provider = await makeProvider(open, {
      ...CLIENT,
      issuer: openid.issuer,
      settings: {
        scopes: ['openid', 'profile', 'email', 'offline_access'],
        keepsRefreshToken: true,
        claims: { vip: 'vip_level', vipValues: ['gold'] },
      },
    });
    openid.register({ ...CLIENT, redirectUri: provider.callbackUrl });
    openid.people.set('vip', { email: 'vip@example.com', vip_level: 'gold', preferred_username: 'vip' });
    openid.signsIn = 'vip';
    const browser = FederatedBrowser.at(open.url);
    expect((await browser.signIn(provider.id, { attestedAge: 16 })).status).toBe(303);
    const accountId = (await browser.lethe.get('/me')).body['id'] as AccountId;
    const vip = (): Promise<boolean> => open.lethe.get(UnitOfWork).asSystem((tx) => open.lethe.get(ExternalProfiles).isVip(tx, accountId));
    const due = () => open.rows(`UPDATE external_grant SET refresh_at = now() - interval '1 minute'`);
    expect(await vip()).toBe(true);

    const profiles = open.lethe.get(RefreshProfiles);
    expect(await profiles.run()).toMatchObject({ refreshed: 0 });
    openid.people.set('vip', { email: 'vip@example.com', vip_level: 'silver', preferred_username: 'renamed' });
    await due();
    expect(await profiles.run()).toEqual({ refreshed: 1, postponed: 0, ended: 0, failed: 0 });
    expect(await vip()).toBe(false);
    expect(await open.rows('SELECT username FROM external_identity')).toEqual([{ username: 'renamed' }]);

    openid.people.set('vip', { vip_level: 'gold' });
    await due();
    expect(await profiles.run()).toMatchObject({ refreshed: 1 });
    expect(await vip()).toBe(true);
    openid.revokeGrants();
    await due();
    expect(await profiles.run()).toEqual({ refreshed: 0, postponed: 0, ended: 1, failed: 0 });
    expect(await vip()).toBe(false);
    expect(await open.rows('SELECT 1 FROM external_grant')).toEqual([]);
    await open.stop();
  });

  it('costs nothing where no provider gives refresh tokens', async () => {
    await due();
    expect(await run()).toEqual({ refreshed: 0, postponed: 0, ended: 0, failed: 0 });
  });
});
