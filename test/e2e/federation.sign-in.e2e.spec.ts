import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestLethe } from '../harness/app.js';
import { signUp } from '../harness/accounts.js';
import { FederatedBrowser, PUBLIC_URL } from '../harness/identity/federated-browser.js';
import { makeProvider, startFederation, type MadeProvider } from '../harness/identity/federation.js';
import { OpenIdProvider } from '../harness/identity/openid-provider.js';

// The whole way through a certified OpenID provider, with a browser's cookies.
let lethe: TestLethe;
let openid: OpenIdProvider;
/** Trusted with example.com only. */
let provider: MadeProvider;

const CLIENT = { clientId: 'lethe', clientSecret: 'a secret of the tests' };
const CLAIMS = { claims: { vip: 'vip_level', vipValues: ['gold'] }, trustedEmailDomains: ['example.com'] };

beforeAll(async () => {
  [lethe, openid] = await Promise.all([startFederation(), OpenIdProvider.start()]);
  provider = await makeProvider(lethe, { ...CLIENT, issuer: openid.issuer, settings: CLAIMS });
  openid.register({ ...CLIENT, redirectUri: provider.callbackUrl });
});

afterAll(async () => {
  await lethe?.stop();
  await openid?.stop();
});

let people = 0;

/** Somebody at the provider nobody has seen yet. */
function stranger(claims: Readonly<Record<string, unknown>> = {}): { readonly subject: string; readonly email: string } {
  people += 1;
  const subject = `person-${people}`;
  const email = `${subject}@example.com`;
  openid.people.set(subject, { email, email_verified: true, preferred_username: subject, ...claims });
  openid.signsIn = subject;
  return { subject, email };
}

const browser = (): FederatedBrowser => FederatedBrowser.at(lethe.url);
const identities = (subject: string) => lethe.rows('SELECT * FROM external_identity WHERE subject = $1', [subject]);

beforeEach(() => {
  openid.declines = false;
});

describe('A1: somebody who comes through an OpenID provider', () => {
  it('gets an account at the first sign-in and comes back to it at the next', async () => {
    const { subject, email } = stranger({
      picture: 'https://img.example.com/1.png',
      vip_level: 'gold',
      name: 'Not Kept',
      phone_number: '+49',
    });
    const first = browser();
    expect(await first.signIn(provider.id, { attestedAge: 16, returnPath: '/welcome?a=1' })).toMatchObject({
      status: 303,
      url: `${PUBLIC_URL}/welcome?a=1`,
    });
    const me = await first.lethe.get('/me');
    expect(me).toMatchObject({ status: 200, body: { kind: 'account' } });
    expect(await identities(subject)).toEqual([
      {
        id: expect.any(String),
        provider_id: provider.id,
        subject,
        account_id: me.body['id'],
        username: subject,
        email,
        avatar_url: 'https://img.example.com/1.png',
        vip: true,
        refreshed_at: expect.any(Date),
      },
    ]);
    const second = browser();
    await second.signIn(provider.id);
    expect((await second.lethe.get('/me')).body['id']).toBe(me.body['id']);
    expect(await lethe.rows('SELECT email, email_verified_at IS NOT NULL AS proven FROM account WHERE id = $1', [me.body['id']])).toEqual([
      { email, proven: true },
    ]);
  });

  it('is known afresh at every sign-in: what the provider no longer says is gone', async () => {
    const { subject } = stranger({ vip_level: ['silver', 'gold'], picture: 'https://img.example.com/2.png' });
    await browser().signIn(provider.id, { attestedAge: 16 });
    expect(await identities(subject)).toMatchObject([{ vip: true, username: subject, avatar_url: 'https://img.example.com/2.png' }]);
    openid.people.set(subject, {});
    await browser().signIn(provider.id);
    expect(await identities(subject)).toMatchObject([{ vip: false, username: null, avatar_url: null, email: null }]);
  });

  it('A5: is given the two cookies there are, and the one that bound the browser goes', async () => {
    stranger();
    const somebody = browser();
    await somebody.signIn(provider.id, { attestedAge: 16 });
    expect([...somebody.lethe.cookies.keys()]).toEqual(['__Host-lethe_session']);
    for (const line of somebody.lethe.received) expect(line).toMatch(/^__Host-lethe_\w+=[^;]*; Path=\/; HttpOnly; Secure; SameSite=Lax/);
  });

  it('leaves nothing in the database with which a sign-in on its way could be finished', async () => {
    stranger();
    const somebody = browser();
    const url = new URL(await somebody.start(provider.id));
    const [attempt] = await lethe.rows<Record<string, unknown>>('SELECT * FROM federation_attempt');
    const kept = JSON.stringify(attempt, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value));
    for (const secret of [url.searchParams.get('state'), url.searchParams.get('nonce'), ...somebody.lethe.cookies.values()]) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(kept).not.toContain(secret);
    }
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    await somebody.visit(await somebody.walk(url.href));
    expect(await lethe.rows('SELECT * FROM federation_attempt')).toEqual([]);
  });

  it('A6: makes no account without having said to be old enough', async () => {
    const { subject } = stranger();
    const page = await browser().signIn(provider.id);
    expect(page).toMatchObject({ status: 403, body: { code: 'federation/age_not_attested', details: { minimumAge: 16 } } });
    expect((await browser().signIn(provider.id, { attestedAge: 15 })).body).toMatchObject({ code: 'federation/age_not_attested' });
    expect(await identities(subject)).toEqual([]);
  });

  it('hears clearly that they declined', async () => {
    stranger();
    openid.declines = true;
    expect(await browser().signIn(provider.id)).toMatchObject({ status: 403, body: { code: 'federation/declined' } });
  });

  it('makes one account when two browsers come back at the same moment', async () => {
    const { subject } = stranger();
    const both = [browser(), browser()];
    const back = await Promise.all(both.map(async (one) => one.walk(await one.start(provider.id, { attestedAge: 16 }))));
    const pages = await Promise.all(both.map((one, index) => one.visit(back[index]!)));
    expect(pages.map(({ status }) => status)).toEqual([303, 303]);
    expect(await identities(subject)).toHaveLength(1);
  });
});

describe('whose account it is', () => {
  it('a proven address of a trusted domain opens the account that has proven it before', async () => {
    const { accountId, email } = await signUp(lethe.lethe);
    const { subject } = stranger({ email });
    await browser().signIn(provider.id);
    expect(await identities(subject)).toMatchObject([{ account_id: accountId }]);
    const audit = await lethe.rows(
      "SELECT detail FROM audit_event WHERE action = 'external_identity.linked' AND detail->>'accountId' = $1",
      [accountId],
    );
    expect(audit).toHaveLength(1);
  });

  it('an account that waits under an address it never proved gets nothing of who owns it', async () => {
    const { email, subject } = stranger();
    const squatter = await signUp(lethe.lethe, { email, emailVerified: false });
    await browser().signIn(provider.id, { attestedAge: 16 });
    const [identity] = await identities(subject);
    expect(identity?.['account_id']).not.toBe(squatter.accountId);
  });

  it('an address of a domain the provider is not trusted with asks to sign in the old way first', async () => {
    const { accountId, email } = await signUp(lethe.lethe, { email: `kim-${Date.now()}@elsewhere.org` });
    const { subject } = stranger({ email });
    expect(await browser().signIn(provider.id, { attestedAge: 16 })).toMatchObject({
      status: 409,
      body: { code: 'federation/link_required' },
    });
    expect(await identities(subject)).toEqual([]);
    expect(accountId).toBeTruthy();
  });

  it('an address the provider has not proven is neither believed nor used to tell who has an account', async () => {
    const { accountId, email } = await signUp(lethe.lethe);
    const { subject } = stranger({ email, email_verified: false });
    expect(await browser().signIn(provider.id, { attestedAge: 16 })).toMatchObject({ status: 303 });
    const [identity] = await identities(subject);
    expect(identity?.['account_id']).not.toBe(accountId);
    expect(await lethe.rows('SELECT email FROM account WHERE id = $1', [identity?.['account_id']])).toEqual([{ email: null }]);
  });
});

describe('linking', () => {
  it('adds an identity to the account that is signed in, shows it, and takes it away', async () => {
    const person = await signUp(lethe.lethe);
    const { subject } = stranger({ email: 'other@elsewhere.org' });
    const somebody = new FederatedBrowser(person.browser);
    const mailsOfLinking = async () => (await lethe.rows(`SELECT 1 FROM outgoing_mail WHERE kind = 'identity_linked'`)).length;
    const before = await mailsOfLinking();
    const begun = await person.browser.post('/account/identities', { providerId: provider.id, returnPath: '/settings' });
    expect(begun.status).toBe(200);
    const page = await somebody.visit(await somebody.walk(String(begun.body['authorisationUrl'])));
    expect(page).toMatchObject({ status: 303, url: `${PUBLIC_URL}/settings` });
    expect(await mailsOfLinking()).toBe(before + 1);
    expect((await somebody.signIn(provider.id)).status).toBe(303);
    expect(await mailsOfLinking()).toBe(before + 1);
    await person.browser.get('/sessions/current');
    const listed = await person.browser.get<{ data: { id: string }[] }>('/account/identities');
    expect(listed.body.data).toMatchObject([{ subject, providerId: provider.id, email: 'other@elsewhere.org', vip: false }]);
    const again = await person.browser.request('DELETE', `/account/identities/${listed.body.data[0]?.id}`);
    expect(again.status).toBe(204);
    expect(await identities(subject)).toEqual([]);
  });

  it('refuses an identity that is linked to another account', async () => {
    const { subject } = stranger();
    await browser().signIn(provider.id, { attestedAge: 16 });
    const person = await signUp(lethe.lethe);
    const begun = await person.browser.post('/account/identities', { providerId: provider.id });
    const somebody = new FederatedBrowser(person.browser);
    const page = await somebody.visit(await somebody.walk(String(begun.body['authorisationUrl'])));
    expect(page).toMatchObject({ status: 409, body: { code: 'federation/identity_taken' } });
    expect((await identities(subject))[0]?.['account_id']).not.toBe(person.accountId);
  });

  it('keeps the last way to sign in, and shows nobody the identities of others', async () => {
    const { subject } = stranger({ email_verified: false });
    const somebody = browser();
    await somebody.signIn(provider.id, { attestedAge: 16 });
    // As a page does that the browser comes back to.
    await somebody.lethe.get('/sessions/current');
    const [identity] = await identities(subject);
    const path = `/account/identities/${String(identity?.['id'])}`;
    expect(await somebody.lethe.request('DELETE', path)).toMatchObject({ status: 409, body: { code: 'federation/last_way_in' } });
    const other = await signUp(lethe.lethe);
    expect(await other.browser.request('DELETE', path)).toMatchObject({ status: 404, body: { code: 'federation/identity_not_found' } });
    expect((await other.browser.get<{ data: unknown[] }>('/account/identities')).body.data).toEqual([]);
  });

  it('is for people: a key, an operator and a stranger are refused', async () => {
    const tenant = await lethe.tenant({ route: false });
    expect((await lethe.api('GET', '/account/identities', undefined, null)).status).toBe(401);
    expect((await lethe.api('GET', '/account/identities', undefined, tenant.key)).status).toBe(403);
    expect((await lethe.api('GET', '/account/identities')).status).toBe(403);
  });
});
