import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RefreshProfiles } from '../../src/modules/federation/core/refresh-profiles.js';
import type { TestLethe } from '../harness/app.js';
import { signUp } from '../harness/accounts.js';
import { FederatedBrowser, type Page } from '../harness/identity/federated-browser.js';
import { admin, makeProvider, startFederation, type MadeProvider } from '../harness/identity/federation.js';
import { type Claims, json, jwt, LyingProvider, SigningKey } from '../harness/identity/lying-provider.js';

// What a provider that lies, a browser that is not the one, and somebody in between can try.
let lethe: TestLethe;
let liar: LyingProvider;
let honest: LyingProvider;
let provider: MadeProvider;
let other: MadeProvider;

beforeAll(async () => {
  [lethe, liar, honest] = await Promise.all([startFederation(), LyingProvider.start(), LyingProvider.start()]);
  provider = await makeProvider(lethe, { issuer: liar.issuer });
  other = await makeProvider(lethe, { issuer: honest.issuer });
});

afterAll(async () => {
  await lethe?.stop();
  await liar?.stop();
  await honest?.stop();
});

afterEach(() => {
  liar.repent();
  honest.repent();
});

const browser = (): FederatedBrowser => FederatedBrowser.at(lethe.url);
const signIn = (): Promise<Page> => browser().signIn(provider.id, { attestedAge: 16 });
const accounts = async (): Promise<number> => (await lethe.rows('SELECT 1 FROM account')).length;
const seconds = (): number => Math.floor(Date.now() / 1_000);
const sessions = async (): Promise<number> => (await lethe.rows('SELECT 1 FROM account_session')).length;

/** Runs `work`, after which nobody more is known or signed in than before. */
async function changingNothing(work: () => Promise<void>): Promise<void> {
  const before = [await accounts(), await sessions()];
  await work();
  expect([await accounts(), await sessions()]).toEqual(before);
}

it('the provider of these tests is believed while it is honest', async () => {
  expect(await signIn()).toMatchObject({ status: 303 });
});

describe('an ID token is refused, and nobody signs in,', () => {
  const stranger = new SigningKey('honest');
  const forgeries: [string, () => void][] = [
    ['with another nonce', () => (liar.claims = { nonce: 'another' })],
    ['without a nonce', () => (liar.claims = { nonce: undefined })],
    ['for another audience', () => (liar.claims = { aud: 'another client' })],
    ['for several audiences of which another is the authorised party', () => (liar.claims = { aud: ['lethe', 'b'], azp: 'b' })],
    ['of another issuer', () => (liar.claims = { iss: 'https://accounts.google.com' })],
    ['that has expired', () => (liar.claims = { iat: seconds() - 900, exp: seconds() - 600 })],
    ['that is not valid yet', () => (liar.claims = { nbf: seconds() + 600 })],
    ['without a subject', () => (liar.claims = { sub: undefined })],
    ['with a subject that is too long', () => (liar.claims = { sub: 'x'.repeat(256) })],
    ['with a subject that hides a control character', () => (liar.claims = { sub: 'a\u0000b' })],
    ['with the algorithm none', () => (liar.makeIdToken = (claims) => jwt({ alg: 'none' }, claims, null))],
    ['with the algorithm none, which the provider says it supports', () => allowing(['none', 'RS256'], jwtWithout)],
    ['with its signature taken off', () => (liar.makeIdToken = (claims) => liar.key.sign(claims).replace(/[^.]+$/, ''))],
    ['with claims put into another signature', () => (liar.makeIdToken = (claims) => swapped(claims))],
    ['signed by a key that is not the provider’s', () => (liar.makeIdToken = (claims) => stranger.sign(claims))],
    ['signed by the key of another provider', () => (liar.makeIdToken = (claims) => honest.key.sign(claims))],
    [
      'with a key of its own in the header',
      () => (liar.makeIdToken = (claims) => stranger.sign(claims, { jwk: stranger.jwk, jku: honest.issuer })),
    ],
    ['signed with the client secret', () => allowing(['HS256'], (claims) => jwt({ alg: 'HS256', kid: 'honest' }, claims, null))],
    ['that is no token', () => (liar.makeIdToken = () => 'nonsense')],
  ];

  it.each(forgeries)('%s', async (_, forge) => {
    forge();
    await changingNothing(async () => {
      expect(await signIn()).toMatchObject({ status: 401, body: { code: 'federation/answer_refused' } });
    });
  });

  function jwtWithout(claims: Claims): string {
    return jwt({ alg: 'none' }, claims, null);
  }

  function allowing(algorithms: readonly string[], make: (claims: Claims) => string): void {
    liar.metadata = { id_token_signing_alg_values_supported: algorithms };
    liar.makeIdToken = make;
  }

  function swapped(claims: Claims): string {
    const [header, , signature] = liar.key.sign({ ...claims, sub: 'somebody else' }).split('.');
    return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
  }
});

describe('a callback is refused, and its sign-in is over,', () => {
  it('with a state nobody gave', async () => {
    const somebody = browser();
    const back = new URL(await somebody.walk(await somebody.start(provider.id, { attestedAge: 16 })));
    back.searchParams.set('state', 'A'.repeat(43));
    expect(await somebody.visit(back.href)).toMatchObject({ status: 400, body: { code: 'federation/attempt_not_found' } });
  });

  it.each([
    ['without a state', (url: URL) => url.searchParams.delete('state')],
    ['with two states', (url: URL) => url.searchParams.append('state', 'A'.repeat(43))],
    ['with a state of NUL', (url: URL) => url.searchParams.set('state', '\u0000')],
  ])('%s', async (_, spoil) => {
    const somebody = browser();
    const back = new URL(await somebody.walk(await somebody.start(provider.id, { attestedAge: 16 })));
    spoil(back);
    expect(await somebody.visit(back.href)).toMatchObject({ status: 400, body: { code: 'federation/attempt_not_found' } });
  });

  it('when it is played again, code and state and all', async () => {
    const somebody = browser();
    const back = await somebody.walk(await somebody.start(provider.id, { attestedAge: 16 }));
    const cookies = new Map(somebody.lethe.cookies);
    expect(await somebody.visit(back)).toMatchObject({ status: 303 });
    for (const [name, value] of cookies) somebody.lethe.cookies.set(name, value);
    expect(await somebody.visit(back)).toMatchObject({ status: 400, body: { code: 'federation/attempt_not_found' } });
  });

  it('in another browser: nobody is signed in to an account of somebody else’s choosing (login CSRF)', async () => {
    const attacker = browser();
    const back = await attacker.walk(await attacker.start(provider.id, { attestedAge: 16 }));
    const victim = browser();
    await changingNothing(async () => {
      expect(await victim.visit(back)).toMatchObject({ status: 400, body: { code: 'federation/attempt_not_found' } });
      await victim.start(provider.id);
      expect(await victim.visit(back)).toMatchObject({ status: 400 });
      // The attempt went with the first who presented it.
      expect(await attacker.visit(back)).toMatchObject({ status: 400 });
    });
  });

  it('in the browser of another person who links: no identity is slipped under an account', async () => {
    const attacker = await signUp(lethe.lethe);
    const begun = await attacker.browser.post('/account/identities', { providerId: provider.id });
    const back = await new FederatedBrowser(attacker.browser).walk(String(begun.body['authorisationUrl']));
    const victim = await signUp(lethe.lethe);
    expect(await new FederatedBrowser(victim.browser).visit(back)).toMatchObject({ status: 400 });
    expect(await lethe.rows('SELECT 1 FROM external_identity WHERE account_id = $1', [victim.accountId])).toEqual([]);
  });

  it('once the session that links has ended: whoever signs out everywhere shuts out a stranger who had begun to link', async () => {
    const person = await signUp(lethe.lethe);
    const begun = await person.browser.post('/account/identities', { providerId: provider.id });
    const back = await new FederatedBrowser(person.browser).walk(String(begun.body['authorisationUrl']));
    await lethe.rows('DELETE FROM account_session WHERE account_id = $1', [person.accountId]);
    expect(await new FederatedBrowser(person.browser).visit(back)).toMatchObject({
      status: 400,
      body: { code: 'federation/attempt_not_found' },
    });
    expect(await lethe.rows('SELECT 1 FROM external_identity WHERE account_id = $1', [person.accountId])).toEqual([]);
  });

  it('at the address of another provider (mix-up)', async () => {
    const somebody = browser();
    const back = await somebody.walk(await somebody.start(provider.id, { attestedAge: 16 }));
    expect(await somebody.visit(back.replace(provider.id, other.id))).toMatchObject({ status: 400 });
  });

  it.each([
    ['another issuer', 'https://accounts.google.com'],
    ['no issuer, although the provider promises one', null],
  ])('with %s (RFC 9207)', async (_, iss) => {
    liar.callback = { iss };
    await changingNothing(async () => {
      expect(await signIn()).toMatchObject({ status: 401, body: { code: 'federation/answer_refused' } });
    });
    expect(liar.requests.at(-1)).toBe('GET /authorize');
  });

  it('after ten minutes', async () => {
    const somebody = browser();
    const back = await somebody.walk(await somebody.start(provider.id, { attestedAge: 16 }));
    await lethe.rows(`UPDATE federation_attempt SET expires_at = expires_at - interval '10 minutes'`);
    expect(await somebody.visit(back)).toMatchObject({ status: 400, body: { code: 'federation/attempt_not_found' } });
  });

  it('once the provider is switched off', async () => {
    const somebody = browser();
    const back = await somebody.walk(await somebody.start(other.id, { attestedAge: 16 }));
    await admin(lethe, 'PATCH', `/identity-providers/${other.id}`, { status: 'disabled' });
    expect(await somebody.visit(back)).toMatchObject({ status: 404, body: { code: 'federation/provider_not_found' } });
    await admin(lethe, 'PATCH', `/identity-providers/${other.id}`, { status: 'active' });
  });
});

it('a session is always a fresh one: a cookie planted before the sign-in is worth nothing after it (fixation)', async () => {
  const somebody = browser();
  const planted = 'A'.repeat(43);
  somebody.lethe.cookies.set('__Host-lethe_session', planted);
  const page = await somebody.signIn(provider.id, { attestedAge: 16 });
  expect(page.status).toBe(303);
  expect(somebody.lethe.cookies.get('__Host-lethe_session')).not.toBe(planted);
});

describe('nobody is sent anywhere but to a path of this installation', () => {
  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/%2f%2fevil.example',
    '/a//evil.example',
    'javascript:alert(1)',
    '/a#b',
    '/a\r\nset-cookie: x=1',
    '',
    'a',
    `/${'a'.repeat(500)}`,
    7,
    null,
  ])('%j', async (returnPath) => {
    const answer = await browser().lethe.post(`/sign-in/providers/${provider.id}/start`, { returnPath });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'returnPath' }] } });
  });
});

it('a refresh token longer than any is not kept, and the provider is not asked about the same person over and over', async () => {
  const keeping = await makeProvider(lethe, { issuer: liar.issuer, settings: { keepsRefreshToken: true } });
  liar.tokenAnswer = { refresh_token: 'short' };
  expect((await browser().signIn(keeping.id, { attestedAge: 16 })).status).toBe(303);
  liar.tokenAnswer = { refresh_token: 'x'.repeat(9_000) };
  await lethe.rows(`UPDATE external_grant SET refresh_at = now() - interval '1 minute'`);
  const profiles = lethe.lethe.get(RefreshProfiles);
  expect(await profiles.run()).toMatchObject({ refreshed: 1, failed: 0 });
  expect(await profiles.run()).toMatchObject({ refreshed: 0, failed: 0 });
});

it('another site’s page cannot begin a sign-in', async () => {
  const answer = await browser().lethe.post(`/sign-in/providers/${provider.id}/start`, {}, { 'sec-fetch-site': 'cross-site' });
  expect(answer).toMatchObject({ status: 403, body: { code: 'http/cross_site' } });
});

describe('a provider that misbehaves costs its own people a clear answer and Lethe little', () => {
  it('one that never answers', async () => {
    const fresh = await LyingProvider.start();
    const made = await makeProvider(lethe, { issuer: fresh.issuer });
    fresh.overrides.set('/.well-known/openid-configuration', () => undefined);
    const began = Date.now();
    const answer = await browser().lethe.post(`/sign-in/providers/${made.id}/start`, {});
    expect(answer).toMatchObject({ status: 503, body: { code: 'federation/provider_unavailable' } });
    expect(Date.now() - began).toBeLessThan(10_000);
    await fresh.stop();
  }, 15_000);

  it.each<[string, Parameters<LyingProvider['overrides']['set']>[1]]>([
    ['one that answers without end', (_request, response) => void response.writeHead(200).end(Buffer.alloc(2_000_000, 32))],
    ['one that redirects for ever', (request, response) => void response.writeHead(302, { location: request.url ?? '/' }).end()],
    ['one that redirects inwards', (_request, response) => void response.writeHead(302, { location: `${lethe.url}/metrics` }).end()],
    ['one that fails', (_request, response) => void response.writeHead(500).end('a stack trace')],
    [
      'one that answers with something else',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    ['one that says it is another', (_request, response) => json(response, { issuer: 'https://accounts.google.com' })],
  ])('%s', async (_, behaviour) => {
    const fresh = await LyingProvider.start();
    const made = await makeProvider(lethe, { issuer: fresh.issuer });
    fresh.overrides.set('/.well-known/openid-configuration', behaviour);
    const { status, body } = await browser().lethe.post<{ code: string }>(`/sign-in/providers/${made.id}/start`, {});
    expect([401, 503]).toContain(status);
    expect(body.code).toMatch(/^federation\/(answer_refused|provider_unavailable)$/);
    expect(JSON.stringify(body)).not.toContain('stack trace');
    await fresh.stop();
  });

  it.each(['/token', '/jwks'])('one whose %s fails in the middle', async (path) => {
    const fresh = await LyingProvider.start();
    const made = await makeProvider(lethe, { issuer: fresh.issuer });
    fresh.overrides.set(path, (_request, response) => void response.writeHead(500).end());
    expect((await browser().signIn(made.id, { attestedAge: 16 })).body['code']).toBe('federation/answer_refused');
    await fresh.stop();
  });

  it('one whose endpoints lead into a private network is not asked (SSRF)', async () => {
    for (const endpoint of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'authorization_endpoint']) {
      const fresh = await LyingProvider.start();
      const made = await makeProvider(lethe, { issuer: fresh.issuer });
      fresh.metadata = { [endpoint]: 'http://169.254.169.254/latest/meta-data' };
      const answer = await browser().lethe.post(`/sign-in/providers/${made.id}/start`, {});
      expect(answer).toMatchObject({ status: 400, body: { code: 'outbound/address_not_allowed' } });
      await fresh.stop();
    }
  });
});
