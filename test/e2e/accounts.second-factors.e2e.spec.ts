import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { enrolApp, MovableClock } from '../harness/authenticator-app.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

const FACTORS = '/account/second-factors';
const PRESENT = '/sign-in/second-factor';
const REFUSED = { status: 401, body: { code: 'second_factors/refused' } };
const HALF_SIGNED_IN = { status: 401, body: { code: 'accounts/second_factor_required', details: { state: 'second_factor_required' } } };

const clock = new MovableClock();
let directory: string;
let database: TestDatabase;
/** Two replicas on one database and one root key. */
let test: TestLethe;
let other: TestLethe;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-factors-'));
  database = await createTestDatabase();
  const environment = { LETHE_ROOT_KEY_FILE: join(directory, 'root-key.json'), LETHE_PUBLIC_URL: 'https://lethe.example' };
  const options = { clock, databaseUrl: database.url, environment };
  test = await TestLethe.start(options);
  other = await TestLethe.start({ ...options, upstream: test.upstream });
});
afterAll(async () => {
  await other?.stop();
  await test?.stop();
  await database?.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** The same browser, talking to the other replica. */
function elsewhere(browser: Browser): Browser {
  const moved = new Browser(other.url);
  for (const [name, value] of browser.cookies) moved.cookies.set(name, value);
  moved.csrfToken = browser.csrfToken;
  return moved;
}

const auditOf = (accountId: string): Promise<string[]> =>
  test
    .rows<{ action: string }>(
      `SELECT action FROM audit_event WHERE (target_id = $1 OR actor_id = $1 OR detail->>'accountId' = $1) AND action NOT LIKE 'session.%' ORDER BY id`,
      [accountId],
    )
    .then((rows) => rows.map(({ action }) => action));

async function demand(person: Person): Promise<string> {
  const { organisationId } = await test.tenant({ route: false });
  await test.rows(`INSERT INTO membership VALUES ($1, $2, 'owner', 'founder', now(), now())`, [organisationId, person.accountId]);
  await test.rows('UPDATE organisation SET second_factor_required = true WHERE id = $1', [organisationId]);
  return organisationId;
}

describe('an authenticator app', () => {
  it('A1: counts once a code of it came back; from then on every session of the account must show it', async () => {
    const person = await signUp(test.lethe);
    const second = await signIn(test.lethe, person.accountId);
    expect((await second.get('/me')).status).toBe(200);
    const begun = await person.browser.post<{ uri: string; secret: string }>(`${FACTORS}/totp`);
    expect(begun.body.uri).toMatch(/^otpauth:\/\/totp\/lethe\.example:/);
    expect(begun.headers.get('cache-control')).toContain('no-store');
    expect((await second.get('/me')).status).toBe(200);
    expect(await person.browser.post(`${FACTORS}/totp/confirmation`, { code: '000000' })).toMatchObject({
      status: 400,
      body: { code: 'second_factors/code_wrong' },
    });
    const { recoveryCodes } = await enrolApp(person, clock);
    expect(recoveryCodes).toHaveLength(10);
    expect(await second.get('/me')).toMatchObject(HALF_SIGNED_IN);
    expect((await person.browser.get('/me')).status).toBe(200);
    expect(await person.browser.post(`${FACTORS}/totp`)).toMatchObject({ status: 409, body: { code: 'second_factors/already_enrolled' } });
    expect(await auditOf(person.accountId)).toEqual(['account.created', 'totp_factor.enrolled']);
    const [row] = await test.rows<{ ciphertext: Buffer }>('SELECT ciphertext FROM totp_factor WHERE account_id = $1', [person.accountId]);
    expect(row?.ciphertext.includes(begun.body.secret)).toBe(false);
  });

  it('A1: finishes signing in and changes the session’s cookie and CSRF token', async () => {
    const person = await signUp(test.lethe);
    const { app } = await enrolApp(person, clock);
    const browser = await signIn(test.lethe, person.accountId);
    expect(await browser.get(PRESENT)).toMatchObject({
      status: 200,
      body: { state: 'second_factor_required', totp: true, securityKey: false, recoveryCode: true },
    });
    const before = [browser.cookies.get('__Host-lethe_session'), browser.csrfToken];
    const stolen = elsewhere(browser);
    const done = await browser.post(`${PRESENT}/totp`, { code: app.code() });
    expect(done).toMatchObject({ status: 200, body: { state: 'complete' } });
    const after = [browser.cookies.get('__Host-lethe_session'), browser.csrfToken];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect((await browser.get('/me')).status).toBe(200);
    expect(await stolen.get('/me')).toMatchObject({ status: 401, body: { code: 'accounts/session_ended' } });
  });

  it('A1: a password alone signs out itself and nobody else', async () => {
    const person = await signUp(test.lethe);
    await enrolApp(person, clock);
    const thief = await signIn(test.lethe, person.accountId);
    expect(await thief.post('/sign-out', { everywhere: true })).toMatchObject(HALF_SIGNED_IN);
    expect((await person.browser.get('/me')).status).toBe(200);
    expect((await thief.post('/sign-out')).status).toBe(204);
    expect((await person.browser.get('/me')).status).toBe(200);
  });

  it('A1: a code is good once: replayed on either replica, or an older one after it, it is refused', async () => {
    const person = await signUp(test.lethe);
    const { app } = await enrolApp(person, clock);
    const [one, two] = [await signIn(test.lethe, person.accountId), elsewhere(await signIn(test.lethe, person.accountId))];
    const earlier = app.code(-1);
    const code = app.code(1);
    expect((await one.post(`${PRESENT}/totp`, { code })).status).toBe(200);
    expect(await two.post(`${PRESENT}/totp`, { code })).toMatchObject(REFUSED);
    expect(await two.post(`${PRESENT}/totp`, { code: earlier })).toMatchObject(REFUSED);
    expect(await two.post(`${PRESENT}/totp`, { code: app.code() })).toMatchObject(REFUSED);
  });

  it('A1: of ten that show one code at once to two replicas, one gets in', async () => {
    const person = await signUp(test.lethe);
    const { app } = await enrolApp(person, clock);
    const browsers = await Promise.all(Array.from({ length: 10 }, () => signIn(test.lethe, person.accountId)));
    const code = app.code();
    const answers = await Promise.all(
      browsers.map((browser, place) => (place % 2 === 0 ? browser : elsewhere(browser)).post(`${PRESENT}/totp`, { code })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set([200, 401, 429].filter((each) => answers.some(({ status }) => status === each))),
    );
  });

  it('A7: forty guesses at once over two replicas are five, and then even the right code has to wait, until one is right', async () => {
    const person = await signUp(test.lethe);
    const { app, recoveryCodes } = await enrolApp(person, clock);
    const browser = await signIn(test.lethe, person.accountId);
    const code = app.wrongCode();
    const guesses = await Promise.all(
      Array.from({ length: 40 }, (_, place) => (place % 2 === 0 ? browser : elsewhere(browser)).post(`${PRESENT}/totp`, { code })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(35);
    const waiting = await browser.post(`${PRESENT}/totp`, { code: app.code() });
    expect(waiting).toMatchObject({ status: 429, body: { code: 'second_factors/too_many_attempts' } });
    expect(Number(waiting.headers.get('retry-after'))).toSatisfy((seconds: number) => seconds > 50 && seconds <= 60);
    expect(await auditOf(person.accountId)).toContain('second_factor.guessed');
    // Somebody else's guesses do not lock the owner out: there is another way in, and no number of wrong codes shuts that.
    const owner = await signIn(test.lethe, person.accountId);
    for (let wrong = 0; wrong < 12; wrong += 1) {
      expect(await owner.post(`${PRESENT}/recovery-code`, { code: '00000-00000-00000-00000' })).toMatchObject(REFUSED);
    }
    expect((await owner.post(`${PRESENT}/recovery-code`, { code: recoveryCodes[0] })).status).toBe(200);
    clock.advance(61_000);
    expect(await browser.post(`${PRESENT}/totp`, { code: app.wrongCode() })).toMatchObject(REFUSED);
    expect((await browser.post(`${PRESENT}/totp`, { code: app.code() })).status).toBe(429);
    clock.advance(121_000);
    expect((await browser.post(`${PRESENT}/totp`, { code: app.code() })).status).toBe(200);
    expect(await test.rows('SELECT FROM totp_attempt WHERE account_id = $1', [person.accountId])).toEqual([]);
  });

  it.each([
    [{}, 'code'],
    [{ code: 123_456 }, 'code'],
    [{ code: '' }, 'code'],
    [{ code: '1'.repeat(65) }, 'code'],
    [{ code: '123456', more: 1 }, 'more'],
  ])('refuses the body %j and names the field', async (body, field) => {
    const { browser } = await signUp(test.lethe);
    const answer = await browser.post<{ errors: { field: string }[] }>(`${PRESENT}/totp`, body);
    expect([answer.status, answer.body.errors.map((error) => error.field)]).toEqual([400, [field]]);
  });
});

describe('recovery codes', () => {
  it('A1: each lets in once, on one replica of two that get it at once, and new ones void those before', async () => {
    const person = await signUp(test.lethe);
    const { recoveryCodes } = await enrolApp(person, clock);
    const [first, second] = [await signIn(test.lethe, person.accountId), elsewhere(await signIn(test.lethe, person.accountId))];
    const code = ` ${recoveryCodes[3]?.toUpperCase().replaceAll('-', ' ')}`;
    const both = await Promise.all([first, second].map((browser) => browser.post(`${PRESENT}/recovery-code`, { code })));
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
    expect(await person.browser.get(FACTORS)).toMatchObject({ body: { recoveryCodesLeft: 9 } });
    const renewed = await person.browser.post<{ recoveryCodes: string[] }>(`${FACTORS}/recovery-codes`);
    expect(renewed.status).toBe(201);
    const third = await signIn(test.lethe, person.accountId);
    expect(await third.post(`${PRESENT}/recovery-code`, { code: recoveryCodes[0] })).toMatchObject(REFUSED);
    expect((await third.post(`${PRESENT}/recovery-code`, { code: renewed.body.recoveryCodes[0] })).status).toBe(200);
    expect(await auditOf(person.accountId)).toEqual([
      'account.created',
      'totp_factor.enrolled',
      'recovery_code.used',
      'recovery_codes.replaced',
      'recovery_code.used',
    ]);
  });

  it('A1: another account’s code lets nobody in, and without a factor there are none', async () => {
    const [one, two] = [await signUp(test.lethe), await signUp(test.lethe)];
    const { recoveryCodes } = await enrolApp(one, clock);
    await enrolApp(two, clock);
    const browser = await signIn(test.lethe, two.accountId);
    expect(await browser.post(`${PRESENT}/recovery-code`, { code: recoveryCodes[0] })).toMatchObject(REFUSED);
    const { browser: none } = await signUp(test.lethe);
    expect(await none.post(`${FACTORS}/recovery-codes`)).toMatchObject({ status: 409, body: { code: 'second_factors/none_enrolled' } });
  });
});

describe('setting factors up and taking them away', () => {
  it('A1: whoever has only the password cannot answer the demand for a factor with one of their own', async () => {
    const person = await signUp(test.lethe);
    // Begun before the owner had a factor, finished after.
    const thief = await signIn(test.lethe, person.accountId);
    const begun = await thief.post<{ uri: string }>(`${FACTORS}/totp`);
    expect(begun.status).toBe(201);
    await enrolApp(person, clock);
    for (const path of ['/totp', '/totp/confirmation', '/security-keys/options']) {
      expect(await thief.post(`${FACTORS}${path}`, path === '/totp/confirmation' ? { code: '123456' } : {})).toMatchObject({
        status: path === '/totp/confirmation' ? 409 : 401,
      });
    }
    expect(await thief.get(FACTORS)).toMatchObject(HALF_SIGNED_IN);
  });

  it('A1: a session left open for more than ten minutes changes nothing, nor does a password alone', async () => {
    const person = await signUp(test.lethe);
    const { app } = await enrolApp(person, clock);
    clock.advance(601_000);
    const { browser } = person;
    const changes = [
      ['DELETE', '/totp'],
      ['POST', '/recovery-codes'],
    ] as const;
    const again = { status: 403, body: { code: 'second_factors/present_again' } };
    for (const [method, path] of changes) {
      expect(await browser.request(method, `${FACTORS}${path}`)).toMatchObject({ status: 403, body: { code: 'http/step_up_required' } });
    }
    // As after a step-up by password.
    await test.rows('UPDATE account_session SET proven_at = $2 WHERE account_id = $1', [person.accountId, clock.now()]);
    for (const [method, path] of [...changes, ['POST', '/security-keys/options'] as const]) {
      expect(await browser.request(method, `${FACTORS}${path}`)).toMatchObject(again);
    }
    // Presenting the factor is a fresh proof.
    expect((await browser.post(`${PRESENT}/totp`, { code: app.code() })).status).toBe(200);
    expect((await browser.request('DELETE', `${FACTORS}/totp`)).status).toBe(204);
    expect(await browser.get(FACTORS)).toMatchObject({ body: { totp: null, recoveryCodesLeft: 0 } });
    expect((await browser.request('DELETE', `${FACTORS}/totp`)).status).toBe(404);
    expect((await (await signIn(test.lethe, person.accountId)).get('/me')).status).toBe(200);
  });

  it('A1: an operator takes the factors of whoever has lost them away, and nobody else does', async () => {
    const person = await signUp(test.lethe);
    await enrolApp(person, clock);
    const { key } = await test.tenant({ route: false });
    const path = `/admin/v1/accounts/${person.accountId}/second-factors`;
    expect((await person.browser.send('DELETE', path)).status).toBe(403);
    const ask = async (token: string): Promise<number> =>
      (await fetch(`${test.url}${path}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask(key)).toBe(403);
    expect(await ask(test.operatorToken)).toBe(204);
    expect((await person.browser.get('/me')).status).toBe(401);
    expect((await (await signIn(test.lethe, person.accountId)).get('/me')).status).toBe(200);
    expect(await auditOf(person.accountId)).toContain('second_factors.reset');
  });

  it('A1: where an organisation demands a factor a session can do nothing but set one up, from the next request on', async () => {
    const person = await signUp(test.lethe);
    expect((await person.browser.get('/me')).status).toBe(200);
    await demand(person);
    const must = { status: 401, body: { code: 'accounts/second_factor_required', details: { state: 'second_factor_enrolment_required' } } };
    expect(await person.browser.get('/me')).toMatchObject(must);
    expect(await elsewhere(person.browser).get(FACTORS)).toMatchObject(must);
    expect(await person.browser.post(`${PRESENT}/totp`, { code: '123456' })).toMatchObject(REFUSED);
    clock.advance(601_000);
    expect(await person.browser.post(`${FACTORS}/totp`)).toMatchObject({ status: 403, body: { code: 'second_factors/sign_in_again' } });
    const again = { ...person, browser: await signIn(test.lethe, person.accountId) };
    expect(await again.browser.get('/me')).toMatchObject(must);
    await enrolApp(again, clock);
    expect((await again.browser.get('/me')).status).toBe(200);
    expect(await again.browser.get(FACTORS)).toMatchObject({ body: { demanded: true } });
    expect(await again.browser.request('DELETE', `${FACTORS}/totp`)).toMatchObject({
      status: 409,
      body: { code: 'second_factors/last_demanded' },
    });
  });

  it('A1: a factor once shown is not remembered after it is gone', async () => {
    const person = await signUp(test.lethe);
    await enrolApp(person, clock);
    expect((await person.browser.request('DELETE', `${FACTORS}/totp`)).status).toBe(204);
    await demand(person);
    expect((await person.browser.get('/me')).status).toBe(401);
  });

  it('keys and operator tokens have no factors', async () => {
    const { key } = await test.tenant({ route: false });
    for (const token of [test.operatorToken, key, null]) {
      expect((await test.api('GET', FACTORS, undefined, token)).status).toBe(token === null ? 401 : 403);
      expect((await test.api('POST', `${PRESENT}/totp`, { code: '123456' }, token)).status).toBe(401);
    }
  });

  it('A5: without the CSRF token, or from another site’s page, nothing is presented or set up', async () => {
    const person = await signUp(test.lethe);
    const { app } = await enrolApp(person, clock);
    const browser = await signIn(test.lethe, person.accountId);
    const code = app.code();
    expect((await browser.post(`${PRESENT}/totp`, { code }, { 'x-csrf-token': '' })).status).toBe(403);
    expect((await browser.post(`${PRESENT}/totp`, { code }, { origin: 'https://evil.test' })).status).toBe(403);
    expect((await browser.post(`${PRESENT}/totp`, { code })).status).toBe(200);
  });
});
