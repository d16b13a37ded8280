import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignIn } from '../../src/modules/accounts/accounts.contract.js';
import { Memberships } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { type Person, signUp } from '../harness/accounts.js';
import type { TestLethe, TestTenant } from '../harness/app.js';
import type { SamlForm, TestIdentityProvider } from '../harness/saml-identity-provider.js';
import { type SamlProviderView, SamlSignOn } from '../harness/saml-sign-on.js';

let saml: SamlSignOn;
let lethe: TestLethe;
let acme: TestTenant;
let idp: TestIdentityProvider;
let provider: SamlProviderView;
let domain: string;
let providers: string;

beforeAll(async () => {
  saml = await SamlSignOn.start();
  ({ lethe, tenant: acme, idp, domain, providers } = saml);
  provider = await saml.connect(idp, { name: 'Acme', metadataUrl: idp.entityId });
});

afterAll(() => saml.stop());

describe('a signed-in person who links an identity', () => {
  it('A2: an owner comes under their own demand for single sign-on: linked here, let in through the provider, refused elsewhere', async () => {
    const chief = await member('chief', 'owner');
    const [captured] = await lethe.rows<{ id: string }>('SELECT id FROM captured_domain WHERE domain = $1', [domain]);
    const captures = `/organisations/${acme.organisationId}/domains/${captured?.id}`;
    expect((await lethe.api('PATCH', captures, { providerId: provider.id, ssoRequired: true })).status).toBe(200);
    expect((await saml.signInThrough(provider, chief.email)).status).toBe(409);
    await expect(openedByLink(chief)).resolves.toMatchObject({ accountId: chief.accountId });
    expect(await link(chief, chief.email)).toMatchObject({ status: 303, location: '/settings' });
    await expect(openedByLink(chief)).rejects.toMatchObject({ code: 'federation/sso_required', details: { providerId: provider.id } });
    const { status, browser } = await saml.signInThrough(provider, chief.email);
    expect(status).toBe(303);
    await browser.get('/sessions/current');
    expect((await browser.get(`/organisations/${acme.organisationId}`)).status).toBe(200);
    const { body } = await browser.get<{ data: unknown[] }>('/account/identities');
    expect(body.data).toMatchObject([{ providerId: provider.id, kind: 'saml', subject: chief.email }]);
    expect(await lethe.rows(`SELECT 1 FROM outgoing_mail WHERE kind = 'identity_linked'`)).toHaveLength(1);
    const audit = `SELECT 1 FROM audit_event WHERE action = 'external_identity.linked' AND detail->>'accountId' = $1`;
    expect(await lethe.rows(audit, [chief.accountId])).toHaveLength(1);
    expect((await lethe.api('PATCH', captures, { ssoRequired: false })).status).toBe(200);
  });

  it('needs a proof of the last minutes, the CSRF token and a page of ours to begin', async () => {
    const { browser, accountId } = await member('begins');
    const start = (headers: Readonly<Record<string, string>> = {}) =>
      browser.post('/account/identities', { providerId: provider.id }, headers);
    expect((await start({ 'x-csrf-token': 'A'.repeat(43) })).status).toBe(403);
    expect((await start({ origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    await lethe.rows(`UPDATE account_session SET proven_at = now() - interval '11 minutes' WHERE account_id = $1`, [accountId]);
    expect((await start()).body).toMatchObject({ code: 'http/step_up_required' });
    expect(await lethe.rows('SELECT 1 FROM federation_attempt WHERE account_id = $1', [accountId])).toEqual([]);
  });

  it('A1: gets nobody else to link theirs: what a victim’s browser was lured through links nothing, and neither does the answer afterwards', async () => {
    const thief = await member('thief');
    const victim = await member('lured');
    idp.nameId = victim.email;
    const { location } = await saml.post(await beginLinking(thief));
    expect((await saml.finish(victim.browser, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect((await saml.finish(thief.browser, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect(await identitiesOf(thief)).toEqual([]);
    expect(await identitiesOf(victim)).toEqual([]);
  });

  it('links by nothing that was not asked for, and by no answer twice', async () => {
    const person = await member('asks');
    await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { allowsUnsolicited: true } });
    const stranger = await member('unaware');
    idp.nameId = stranger.email;
    // A page of somebody else sends this browser an answer about another person: it signs in as them at most, as the setting warns, and links nothing.
    await saml.finish(person.browser, (await saml.post(await idp.unasked())).location);
    expect(await identitiesOf(person)).toEqual([]);
    await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { allowsUnsolicited: false } });
    const again = await member('replays');
    idp.nameId = again.email;
    const form = await beginLinking(again);
    const { location } = await saml.post(form);
    expect((await saml.finish(again.browser, location)).status).toBe(303);
    expect((await saml.post(form)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect((await saml.finish(again.browser, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect(await identitiesOf(again)).toHaveLength(1);
  });

  it('is refused an identity that opens another account, and a second one at the same provider', async () => {
    const owner = await member('taken');
    expect((await link(owner, owner.email)).status).toBe(303);
    const other = await member('wants');
    expect((await link(other, owner.email)).body).toMatchObject({ code: 'federation/identity_taken' });
    expect(await identitiesOf(other)).toEqual([]);
    expect((await link(owner, `second@${domain}`)).body).toMatchObject({ code: 'federation/identity_taken' });
    expect(await identitiesOf(owner)).toEqual([{ subject: owner.email }]);
  });

  it('is shut out with the session it began in, before the answer comes and after', async () => {
    const before = await member('early');
    idp.nameId = before.email;
    const form = await beginLinking(before);
    expect((await before.browser.post('/sign-out')).status).toBe(204);
    expect((await saml.post(form)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    const after = await member('late');
    idp.nameId = after.email;
    const { location } = await saml.post(await beginLinking(after));
    expect((await after.browser.post('/sign-out')).status).toBe(204);
    expect((await saml.finish(after.browser, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect([...(await identitiesOf(before)), ...(await identitiesOf(after))]).toEqual([]);
  });

  it('A3: of another domain, or no member where nobody becomes one, links nothing', async () => {
    const outsider = await signUp(lethe.lethe);
    expect((await link(outsider, outsider.email)).body).toMatchObject({ code: 'federation/domain_not_admitted' });
    await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { memberRole: null } });
    const guest = await signUp(lethe.lethe, { email: `guest@${domain}` });
    expect((await link(guest, guest.email)).body).toMatchObject({ code: 'federation/not_a_member' });
    expect([...(await identitiesOf(outsider)), ...(await identitiesOf(guest))]).toEqual([]);
  });

  /** Somebody of the domain who belongs to the organisation, and is signed in without its provider. */
  async function member(name: string, role: 'owner' | 'developer' = 'developer'): Promise<Person> {
    const person = await signUp(lethe.lethe, { email: `${name}@${domain}` });
    const membership = { organisationId: acme.organisationId, accountId: person.accountId, role, source: 'invitation' } as const;
    const actor = { kind: 'system', id: 'test' } as const;
    await lethe.lethe.get(UnitOfWork).asSystem((tx) => lethe.lethe.get(Memberships).add(tx, membership, actor));
    return person;
  }

  async function beginLinking({ browser }: Person): Promise<SamlForm> {
    const begun = await browser.post<{ authorisationUrl: string }>('/account/identities', {
      providerId: provider.id,
      returnPath: '/settings',
    });
    expect(begun).toMatchObject({ status: 200 });
    return idp.visit(begun.body.authorisationUrl);
  }

  /** Links whoever the identity provider knows by this name. */
  async function link(person: Person, nameId: string): Promise<{ status: number; location: string | null; body: unknown }> {
    idp.nameId = nameId;
    const { location } = await saml.post(await beginLinking(person));
    const { status, headers, body } = await saml.finish(person.browser, location);
    return { status, location: headers.get('location'), body };
  }

  function identitiesOf({ accountId }: Person): Promise<{ subject: string }[]> {
    return lethe.rows<{ subject: string }>('SELECT subject FROM external_identity WHERE account_id = $1', [accountId]);
  }

  function openedByLink({ accountId }: Person): Promise<unknown> {
    const origin = { remoteAddress: '127.0.0.1', userAgent: null };
    return lethe.lethe.get(SignIn).open(accountId, { method: 'email_link', secondFactorDone: false }, origin);
  }
});
