import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type BrowserAnswer, type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { MovableClock } from '../harness/authenticator-app.js';
import { type Deviation, SoftwareAuthenticator } from '../harness/software-authenticator.js';

const ORIGIN = 'https://lethe.example';
const KEYS = '/account/second-factors/security-keys';
const FACTORS = '/account/second-factors';
const PRESENT = '/sign-in/second-factor/security-key';
const PASSKEY = '/sign-in/passkey';
const REFUSED = { status: 401, body: { code: 'second_factors/refused' } };
const NOT_REGISTERED = { status: 400, body: { code: 'second_factors/registration_refused' } };

type Options<T> = { readonly publicKey: T };
type Creation = Parameters<SoftwareAuthenticator['create']>[0];
type Request = Parameters<SoftwareAuthenticator['get']>[0];

const clock = new MovableClock();
let test: TestLethe;

beforeAll(async () => {
  test = await TestLethe.start({ clock, environment: { LETHE_PUBLIC_URL: ORIGIN } });
});
afterAll(() => test?.stop());

async function creation(browser: Browser): Promise<Creation> {
  const { status, body } = await browser.post<Options<Creation>>(`${KEYS}/options`);
  expect(status).toBe(200);
  return body.publicKey;
}

async function request(browser: Browser, path: string): Promise<Request> {
  const { status, body } = await browser.post<Options<Request>>(`${path}/options`);
  expect(status).toBe(200);
  return body.publicKey;
}

interface Owned extends Person {
  readonly device: SoftwareAuthenticator;
  readonly recoveryCodes: readonly string[];
}

async function withKey(): Promise<Owned> {
  const person = await signUp(test.lethe);
  const device = new SoftwareAuthenticator(ORIGIN);
  const { status, body } = await register(person.browser, device);
  expect(status).toBe(201);
  return { ...person, device, recoveryCodes: body.recoveryCodes };
}

async function register(
  browser: Browser,
  device: SoftwareAuthenticator,
  lie: Deviation = {},
): Promise<BrowserAnswer<{ recoveryCodes: string[] }>> {
  const credential = device.create(await creation(browser), lie);
  return browser.post(KEYS, { name: 'Blue key', credential });
}

async function present(browser: Browser, device: SoftwareAuthenticator, lie: Deviation = {}): Promise<BrowserAnswer> {
  return browser.post(PRESENT, { credential: device.get(await request(browser, PRESENT), lie) });
}

async function passkey(browser: Browser, device: SoftwareAuthenticator, lie: Deviation = {}): Promise<BrowserAnswer> {
  return browser.post(PASSKEY, { credential: device.get(await request(browser, PASSKEY), lie) });
}

const LIES: readonly [string, Deviation][] = [
  ['made on another origin', { origin: 'https://lethe.example.evil.test' }],
  ['for another relying party', { rpId: 'evil.test' }],
  ['for a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
  ['made in a frame of another site', { crossOrigin: true }],
  ['without anybody touching the key', { userPresent: false }],
];

describe('a security key', () => {
  it('A1: is registered, brings recovery codes, and is then asked for', async () => {
    const owner = await withKey();
    expect(owner.recoveryCodes).toHaveLength(10);
    const list = await owner.browser.get<{ securityKeys: object[] }>(FACTORS);
    expect(list.body).toMatchObject({ totp: null, recoveryCodesLeft: 10, demanded: false });
    expect(list.body.securityKeys).toEqual([
      { id: expect.any(String), name: 'Blue key', status: 'active', backedUp: false, createdAt: expect.any(String), lastUsedAt: null },
    ]);
    const browser = await signIn(test.lethe, owner.accountId);
    expect((await browser.get('/me')).status).toBe(401);
    const cookie = browser.cookies.get('__Host-lethe_session');
    expect(await present(browser, owner.device)).toMatchObject({ status: 200, body: { state: 'complete' } });
    expect(browser.cookies.get('__Host-lethe_session')).not.toBe(cookie);
    expect((await browser.get('/me')).status).toBe(200);
  });

  it.each(LIES)('A1: is not registered %s', async (_, lie) => {
    const { browser } = await signUp(test.lethe);
    expect(await register(browser, new SoftwareAuthenticator(ORIGIN), lie)).toMatchObject(NOT_REGISTERED);
    expect(await browser.get(FACTORS)).toMatchObject({ body: { securityKeys: [] } });
  });

  it.each([...LIES, ['of another account', { userHandle: Buffer.alloc(16, 1).toString('base64url') }] as const])(
    'A1: is refused %s',
    async (_, lie) => {
      const { accountId, device } = await withKey();
      const browser = await signIn(test.lethe, accountId);
      expect(await present(browser, device, lie)).toMatchObject(REFUSED);
      expect((await browser.get('/me')).status).toBe(401);
      expect(await passkey(new Browser(test.url), device, lie)).toMatchObject(REFUSED);
    },
  );

  it('A1: a challenge is answered once, right or wrong, in its own session, for its own ceremony, within five minutes', async () => {
    const { accountId, device, browser: signedIn } = await withKey();
    const [one, two] = [await signIn(test.lethe, accountId), await signIn(test.lethe, accountId)];
    const replayed = device.get(await request(one, PRESENT));
    expect((await one.post(PRESENT, { credential: replayed })).status).toBe(200);
    expect(await one.post(PRESENT, { credential: replayed })).toMatchObject(REFUSED);
    const failed = await request(two, PRESENT);
    expect(await two.post(PRESENT, { credential: device.get(failed, { userPresent: false }) })).toMatchObject(REFUSED);
    expect(await two.post(PRESENT, { credential: device.get(failed) })).toMatchObject(REFUSED);
    expect(await two.post(PRESENT, { credential: device.get(await request(one, PRESENT)) })).toMatchObject(REFUSED);
    expect(await two.post(PRESENT, { credential: device.get(await request(two, PASSKEY)) })).toMatchObject(REFUSED);
    expect(await new Browser(test.url).post(PASSKEY, { credential: device.get(await request(two, PRESENT)) })).toMatchObject(REFUSED);
    expect(await two.post(PRESENT, { credential: device.get({ ...(await creation(signedIn)), rpId: 'lethe.example' }) })).toMatchObject(
      REFUSED,
    );
    const late = await request(two, PRESENT);
    clock.advance(300_001);
    expect(await two.post(PRESENT, { credential: device.get(late) })).toMatchObject(REFUSED);
    expect((await present(two, device)).status).toBe(200);
  });

  it('A1: a copied key is found out by its counter, suspended for good, and its owner told and not locked out', async () => {
    const { accountId, device, browser: owner, recoveryCodes } = await withKey();
    const copy = device.clone();
    const browser = await signIn(test.lethe, accountId);
    expect((await present(browser, device)).status).toBe(200);
    expect((await present(browser, device)).status).toBe(200);
    const thief = await signIn(test.lethe, accountId);
    const mails = (): Promise<object[]> => test.rows(`SELECT FROM outgoing_mail WHERE kind = 'second_factor_changed'`);
    const before = (await mails()).length;
    expect(await present(thief, copy)).toMatchObject(REFUSED);
    expect(await mails()).toHaveLength(before + 1);
    expect((await thief.get('/me')).status).toBe(401);
    expect(await present(await signIn(test.lethe, accountId), device).catch(() => null)).toBeNull();
    expect(await passkey(new Browser(test.url), device)).toMatchObject(REFUSED);
    expect(await owner.get(FACTORS)).toMatchObject({ body: { securityKeys: [{ status: 'suspended' }] } });
    const rows = await test.rows(
      `SELECT actor_kind, actor_id FROM audit_event WHERE action = 'webauthn_credential.suspended' AND detail->>'accountId' = $1`,
      [accountId],
    );
    expect(rows).toEqual([{ actor_kind: 'system', actor_id: 'second-factors' }]);
    const saved = await signIn(test.lethe, accountId);
    expect((await saved.get('/me')).status).toBe(401);
    expect((await saved.post('/sign-in/second-factor/recovery-code', { code: recoveryCodes[0] })).status).toBe(200);
    expect((await saved.get('/me')).status).toBe(200);
  });

  it('A1: knowing a key’s id is not enough to have it suspended', async () => {
    const { accountId, device, browser: owner } = await withKey();
    const browser = await signIn(test.lethe, accountId);
    await present(browser, device);
    const { privateKey } = await import('node:crypto').then(({ generateKeyPairSync }) =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    );
    expect(await present(browser, device, { counter: 1, key: privateKey })).toMatchObject(REFUSED);
    expect(await owner.get(FACTORS)).toMatchObject({ body: { securityKeys: [{ status: 'active' }] } });
  });

  it('A1: a key that does not count is taken again and again', async () => {
    const person = await signUp(test.lethe);
    const device = new SoftwareAuthenticator(ORIGIN);
    expect((await register(person.browser, device)).status).toBe(201);
    for (const _ of [1, 2, 3]) expect((await present(person.browser, device, { counter: 0 })).status).toBe(200);
  });

  it('belongs to one account, can be named and removed, and several can be had', async () => {
    const { browser, device } = await withKey();
    expect((await register(browser, new SoftwareAuthenticator(ORIGIN))).body.recoveryCodes).toBeNull();
    const stolen = device.create(await creation(browser));
    expect((await browser.post(KEYS, { name: 'Third', credential: stolen })).status).toBe(201);
    const { body } = await browser.get<{ securityKeys: { id: string; name: string }[] }>(FACTORS);
    expect(body.securityKeys).toHaveLength(3);
    const id = body.securityKeys[2]?.id;
    expect((await browser.request('PATCH', `${KEYS}/${id}`, { name: 'Spare' })).status).toBe(204);
    const { browser: stranger } = await withKey();
    expect(await stranger.request('PATCH', `${KEYS}/${id}`, { name: 'Mine' })).toMatchObject({ status: 404 });
    expect(await stranger.request('DELETE', `${KEYS}/${id}`)).toMatchObject({ status: 404, body: { code: 'second_factors/not_found' } });
    expect((await browser.request('DELETE', `${KEYS}/${id}`)).status).toBe(204);
    expect(await browser.get(FACTORS)).toMatchObject({ body: { securityKeys: [{ name: 'Blue key' }, { name: 'Blue key' }] } });
  });

  it.each([
    [{}, ['name', 'credential']],
    [{ name: 'Key', credential: 'abc' }, ['credential']],
    [{ name: 'Key', credential: {} }, ['credential.id', 'credential.response.clientDataJSON', 'credential.response.attestationObject']],
    [
      { name: 'Key', credential: { id: 'a+/=', response: { clientDataJSON: 'x'.repeat(5_000), attestationObject: 7 } } },
      ['credential.id', 'credential.response.clientDataJSON', 'credential.response.attestationObject'],
    ],
  ])('names what is wrong with a body', async (body, fields) => {
    const { browser } = await signUp(test.lethe);
    const answer = await browser.post<{ errors: { field: string }[] }>(KEYS, body);
    expect([answer.status, answer.body.errors.map(({ field }) => field).sort()]).toEqual([400, [...fields].sort()]);
  });
});

describe('a passkey', () => {
  it('A1: signs in without a name, is both factors, and opens a fresh session', async () => {
    const { accountId, device } = await withKey();
    const browser = new Browser(test.url);
    expect(await passkey(browser, device)).toMatchObject({ status: 200, body: { state: 'complete' } });
    expect(await browser.get('/me')).toMatchObject({ status: 200, body: { id: accountId } });
    const [row] = await test.rows(
      `SELECT method, second_factor_at IS NOT NULL AS both FROM account_session WHERE account_id = $1 ORDER BY id DESC LIMIT 1`,
      [accountId],
    );
    expect(row).toEqual({ method: 'webauthn', both: true });
  });

  it('A1: needs a verified user and the account’s own handle', async () => {
    const { device } = await withKey();
    for (const lie of [{ userVerified: false }, { userHandle: null }]) {
      expect(await passkey(new Browser(test.url), device, lie)).toMatchObject(REFUSED);
    }
    const unknown = new SoftwareAuthenticator(ORIGIN);
    unknown.create({ challenge: 'YQ', rp: { id: 'lethe.example' }, user: { id: 'YQ' } });
    expect(await passkey(new Browser(test.url), unknown)).toMatchObject(REFUSED);
  });

  it('A1: opens no blocked account', async () => {
    const { accountId, device } = await withKey();
    await test.rows(`UPDATE account SET status = 'blocked' WHERE id = $1`, [accountId]);
    expect(await passkey(new Browser(test.url), device)).toMatchObject({ status: 403, body: { code: 'accounts/account_blocked' } });
  });

  it('A5: is not begun or finished by another site’s page', async () => {
    const { device } = await withKey();
    const browser = new Browser(test.url);
    const credential = device.get(await request(browser, PASSKEY));
    const foreign: readonly Record<string, string>[] = [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }];
    for (const headers of foreign) {
      expect((await browser.post(`${PASSKEY}/options`, {}, headers)).status).toBe(403);
      expect((await browser.post(PASSKEY, { credential }, headers)).status).toBe(403);
    }
    expect(browser.received).toEqual([]);
  });
});
