import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/platform/http/cookies.js';
import { Browser, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { exampleOf, fillPath, readSurface } from '../harness/surface.js';

let test: TestLethe;
/** Another process' worth of Lethe on the same database. */
let replica: TestLethe;

beforeAll(async () => {
  // A profile that lets a cookie last, and every way of signing in beside those of its own.
  const policy = { LETHE_PROFILE: 'enterprise', LETHE_SIGN_IN_METHODS: 'password,email_link,oidc,saml,webauthn' };
  const environment = { LETHE_ROLES: 'api', LETHE_SIGN_UP: 'open', LETHE_TRUSTED_PROXIES: '127.0.0.0/8', ...policy };
  test = await TestLethe.start({ environment: { ...environment, LETHE_SESSION_COOKIE: 'browser' } });
  replica = await TestLethe.start({ environment: { ...environment, LETHE_SESSION_COOKIE: 'lasting' }, databaseUrl: test.databaseUrl });
});
afterAll(async () => {
  await replica?.stop();
  await test?.stop();
});

interface Sessions {
  readonly data: readonly { readonly id: string; readonly isCurrent: boolean; readonly device: string | null }[];
}

/** The same browser, at the other replica. */
function there(browser: Browser): Browser {
  const same = new Browser(replica.url);
  for (const [name, value] of browser.cookies) same.cookies.set(name, value);
  same.csrfToken = browser.csrfToken;
  return same;
}

const PASSWORD = 'quiet otters row upstream';
const JSON_TYPE = { 'content-type': 'application/json' };

it('A1: a session says who is signed in', async () => {
  const { browser, accountId } = await signUp(test.lethe);
  const { status, body } = await browser.get('/me');
  expect([status, body]).toMatchObject([200, { kind: 'account', id: accountId, organisationId: null, memberships: [] }]);
});

describe('ending sessions', () => {
  it('A5: signing out ends the session on every replica at once, and takes the cookie away', async () => {
    const { browser } = await signUp(test.lethe);
    const copy = there(browser);
    expect((await copy.get('/me')).status).toBe(200);
    expect((await browser.post('/sign-out')).status).toBe(204);
    expect((await copy.get('/me')).body).toMatchObject({ status: 401, code: 'accounts/session_ended' });
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
    expect(browser.received.at(-1)).toMatch(/Max-Age=0/);
  });

  it('A5: signing out everywhere ends all of them, on both replicas within a second', async () => {
    const { browser, accountId } = await signUp(test.lethe);
    const others = [await signIn(test.lethe, accountId), there(await signIn(test.lethe, accountId))];
    const bystander = (await signUp(test.lethe)).browser;
    expect((await browser.post('/sign-out', { everywhere: true })).status).toBe(204);
    const endedAt = performance.now();
    for (const other of others) expect((await other.get('/me')).status).toBe(401);
    expect(performance.now() - endedAt).toBeLessThan(1_000);
    expect((await bystander.get('/me')).status).toBe(200);
  });

  it('lists them with their device and ends one; that of somebody else is a 404', async () => {
    const { browser, accountId } = await signUp(test.lethe);
    const other = await signIn(test.lethe, accountId);
    const strange = (await signUp(test.lethe)).browser;
    const { data } = (await browser.get<Sessions>('/sessions')).body;
    expect(data.map(({ isCurrent }) => isCurrent)).toEqual([true, false]);
    expect((await strange.request('DELETE', `/sessions/${data[1]?.id}`)).body).toMatchObject({
      status: 404,
      code: 'accounts/session_not_found',
    });
    expect((await browser.request('DELETE', `/sessions/${data[1]?.id}`)).status).toBe(204);
    expect((await other.get('/me')).status).toBe(401);
    expect((await browser.get('/me')).status).toBe(200);
  });

  it('are a hundred at most: past that the oldest end, those that have shown a second factor last', async () => {
    const { browser, accountId } = await signUp(test.lethe);
    await test.rows(
      `INSERT INTO account_session (id, account_id, token_hash, method, proven_at, network_tag, created_at, last_seen_at, expires_at)
       SELECT gen_random_uuid(), account_id, sha256(convert_to(id::text || n, 'UTF8')), method, proven_at, 0,
         created_at + n * interval '1 microsecond', last_seen_at, expires_at
       FROM account_session, generate_series(1, 99) n WHERE account_id = $1`,
      [accountId],
    );
    expect((await browser.get<Sessions>('/sessions')).body.data).toHaveLength(100);
    const newest = await signIn(test.lethe, accountId);
    expect((await newest.get<Sessions>('/sessions')).body.data).toHaveLength(100);
    expect((await browser.get('/me')).status).toBe(401);
    await test.rows(
      'UPDATE account_session SET second_factor_at = now() WHERE id = (SELECT min(id::text)::uuid FROM account_session WHERE account_id = $1)',
      [accountId],
    );
    const shown = async (): Promise<number> =>
      (await test.rows('SELECT FROM account_session WHERE account_id = $1 AND second_factor_at IS NOT NULL', [accountId])).length;
    for (let round = 0; round < 100; round += 1) await signIn(test.lethe, accountId);
    expect(await shown()).toBe(1);
  });

  it('no address is kept of them', async () => {
    const { browser, accountId } = await signUp(test.lethe);
    await browser.post('/account/password', { newPassword: PASSWORD });
    const elsewhere = new Browser(test.url, { 'x-forwarded-for': '198.51.100.77' });
    const name = (await browser.get('/account')).body['email'];
    expect((await elsewhere.post('/sign-in/password', { name, password: PASSWORD })).status).toBe(200);
    const rows = await test.rows('SELECT * FROM account_session WHERE account_id = $1', [accountId]);
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain('198.51');
    expect(rows.at(-1)).toMatchObject({ device: 'Firefox on Linux', country: null, region: null });
  });
});

describe('what a browser sends', () => {
  it('CSRF: whatever changes something needs the token of this very session', async () => {
    const { browser } = await signUp(test.lethe);
    const other = (await signUp(test.lethe)).browser;
    const own = browser.csrfToken ?? '';
    for (const token of ['', 'x', own.slice(1), other.csrfToken ?? '', `${own}, ${own}`]) {
      browser.csrfToken = token;
      expect((await browser.request('PATCH', '/account', { displayName: 'Mallory' })).body).toMatchObject({ code: 'http/csrf_token' });
    }
    browser.csrfToken = null;
    expect((await browser.post('/sign-out')).body).toMatchObject({ code: 'http/csrf_token' });
    expect((await browser.get('/account')).body['displayName']).not.toBe('Mallory');
    browser.csrfToken = own;
    expect((await browser.request('PATCH', '/account', { displayName: 'Kim' })).status).toBe(200);
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['no origin to speak of', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['a fetch from a sibling host', { 'sec-fetch-site': 'same-site' }],
  ])("CSRF: %s is refused although the token is right, and so is a sign-in that another site's page would make", async (_what, headers) => {
    const { browser } = await signUp(test.lethe);
    expect((await browser.request('PATCH', '/account', { displayName: 'Mallory' }, headers)).body).toMatchObject({
      code: 'http/cross_site',
    });
    const fresh = await new Browser(test.url).post('/sign-in/password', { name: 'kim', password: 'x' }, headers);
    expect(fresh.body).toMatchObject({ code: 'http/cross_site' });
  });

  it('a form, which other pages can send, is no JSON', async () => {
    const { browser } = await signUp(test.lethe);
    const cookie = `${SESSION_COOKIE}=${browser.cookies.get(SESSION_COOKIE)}`;
    const headers = { cookie, 'x-csrf-token': browser.csrfToken ?? '', 'content-type': 'application/x-www-form-urlencoded' };
    const sent = await fetch(`${test.url}/api/v1/sign-out`, { method: 'POST', headers, body: 'everywhere=true' });
    expect(sent.status).toBe(415);
    expect((await browser.get('/me')).status).toBe(200);
  });

  it('a cookie and a bearer token at once are refused, whoever they are', async () => {
    const { browser } = await signUp(test.lethe);
    const { body } = await browser.get('/me', { authorization: `Bearer ${test.operatorToken}` });
    expect(body).toMatchObject({ status: 400, code: 'http/two_credentials' });
  });

  it('a forged session, one planted beside the real one, and one cut short are nobody', async () => {
    const { browser } = await signUp(test.lethe);
    const token = browser.cookies.get(SESSION_COOKIE) ?? '';
    for (const forged of ['A'.repeat(43), token.slice(1), `${token}A`, '%00', "' OR 1=1", `${token.slice(0, -1)}\u00e9`]) {
      const cookie = Buffer.from(`${SESSION_COOKIE}=${forged}`).toString('latin1');
      const { status } = await fetch(`${test.url}/api/v1/me`, { headers: { cookie } });
      expect([forged, status]).toEqual([forged, 401]);
    }
    const planted = `${SESSION_COOKIE}=${'A'.repeat(43)}; ${SESSION_COOKIE}=${token}`;
    expect((await fetch(`${test.url}/api/v1/me`, { headers: { cookie: planted } })).status).toBe(401);
  });

  it('an operator has no account, and no key either', async () => {
    const { status, body } = await test.api('GET', '/account');
    expect([status, body['code']]).toEqual([403, 'http/forbidden']);
  });
});

describe('A5: cookies', () => {
  const ALLOWED = /^__Host-lethe_(?:session|browser)=[A-Za-z0-9_-]{0,43}; Path=\/; HttpOnly; Secure; SameSite=Lax(?:; Max-Age=\d+)?$/;

  it('no route sets any but the two there are, to nobody, to a person and to an operator', async () => {
    const { browser, accountId } = await signUp(test.lethe);
    const all = await readSurface(test.url, '/');
    // Signing out comes last: whatever follows it would be nobody's.
    const operations = all.sort((a, b) => Number(a.path.endsWith('sign-out')) - Number(b.path.endsWith('sign-out')));
    const received: string[] = [];
    for (const operation of operations) {
      const known = { email: 'nobody@example.com', token: 'A'.repeat(43), isOldEnough: true, locale: 'en', everywhere: false };
      const body = operation.body ? JSON.stringify(exampleOf({ ...operation.body, type: 'object' }, known)) : undefined;
      const url = test.url + fillPath(operation, { accountId });
      const person = { cookie: `${SESSION_COOKIE}=${browser.cookies.get(SESSION_COOKIE)}`, 'x-csrf-token': browser.csrfToken ?? '' };
      for (const caller of [{}, person, { authorization: `Bearer ${test.operatorToken}` }]) {
        const headers = { ...caller, ...(body === undefined ? {} : JSON_TYPE) };
        const answer = await fetch(url, { method: operation.method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
        await answer.arrayBuffer();
        received.push(...answer.headers.getSetCookie());
      }
    }
    expect(operations.length).toBeGreaterThan(60);
    expect(received.length).toBeGreaterThan(0);
    for (const line of received) expect(line).toMatch(ALLOWED);
  });

  it('the session cookie goes with the browser, or stays as long as the session where the operator says so', async () => {
    const passing = new Browser(test.url);
    const lasting = new Browser(replica.url);
    for (const browser of [passing, lasting]) {
      const { browser: signedIn, email } = await signUp(test.lethe);
      await signedIn.post('/account/password', { newPassword: PASSWORD });
      expect((await browser.post('/sign-in/password', { name: email, password: PASSWORD })).status).toBe(200);
    }
    expect(passing.received).toEqual([expect.not.stringMatching(/max-age|expires/i)]);
    expect(lasting.received).toEqual([expect.stringMatching(/; Max-Age=6048\d\d$|; Max-Age=6047\d\d$/)]);
  });
});
