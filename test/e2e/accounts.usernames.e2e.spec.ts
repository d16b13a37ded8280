import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import type { Browser, BrowserAnswer } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { GOOD_PASSWORD, Town } from '../harness/mailbox.js';
import { signUpRows, whileRefusing } from '../harness/refused-writes.js';

const DAY_MS = 86_400_000;
const OTHER_PASSWORD = 'slow herons wade downriver';
const THIRD_PASSWORD = 'nine geese over the weir';
const NO_CODE = '00000-00000-00000-00000';
const CODE = /^[0-9a-z]{5}(-[0-9a-z]{5}){3}$/;

const clock = new ManualClock(Date.now());
let mail: MailServer;
let test: TestLethe;
let town: Town;
let names = 0;

beforeAll(async () => {
  mail = await startMailServer();
  test = await TestLethe.start({
    clock,
    environment: {
      LETHE_ROLES: 'api,worker',
      LETHE_SMTP_URL: mail.url,
      LETHE_SIGN_UP: 'open',
      LETHE_SIGN_UP_IDENTIFIERS: 'username',
      LETHE_TRUSTED_PROXIES: '127.0.0.0/8',
    },
  });
  town = new Town(test, mail);
});
afterAll(async () => {
  await test?.stop();
  await mail?.close();
});

interface Newcomer {
  readonly username: string;
  readonly browser: Browser;
  readonly recoveryCode: string;
}

const freeName = (): string => `kim-${(names += 1)}`;

function ask(username: string, more: object = {}, browser = town.browser()): Promise<BrowserAnswer> {
  return browser.post('/sign-up/username', { username, password: GOOD_PASSWORD, isOldEnough: true, ...more });
}

async function newcomer(): Promise<Newcomer> {
  const [username, browser] = [freeName(), town.browser()];
  const { status, body } = await ask(username, {}, browser);
  expect(status).toBe(201);
  return { username, browser, recoveryCode: String(body['recoveryCode']) };
}

const signIn = (name: string, password: string) => town.browser().post('/sign-in/password', { name, password });

const recover = (username: string, recoveryCode: string, newPassword = OTHER_PASSWORD) =>
  town.browser().post('/account/recovery/code', { username, recoveryCode, newPassword });

describe('signing up by username', () => {
  it('A1, A6: makes an account without an address, signed in, with the age that was asked, and tells the log no name', async () => {
    const { username, browser, recoveryCode } = await newcomer();
    expect(recoveryCode).toMatch(CODE);
    expect((await browser.get('/account')).body).toMatchObject({
      username,
      email: null,
      emailVerified: false,
      hasPassword: true,
      attestedAge: 16,
    });
    expect((await signIn(username.toUpperCase(), GOOD_PASSWORD)).status).toBe(200);
    expect((await signIn(username, OTHER_PASSWORD)).body).toMatchObject({ code: 'accounts/sign_in_refused' });
    const [log] = await test.rows<{ rows: string }>('SELECT json_agg(e)::text AS rows FROM audit_event e');
    expect(log?.rows).not.toContain(username);
    const [kept] = await test.rows<{ rows: string }>('SELECT json_agg(c)::text AS rows FROM password_recovery_code c');
    expect(kept?.rows).not.toContain(recoveryCode.replaceAll('-', ''));
  });

  it('is offered where the installation says so, which also says when addresses are not', async () => {
    expect((await town.browser().get('/sign-in')).body).toMatchObject({ signUpIdentifiers: ['username'] });
    const byMail = await town.browser().post('/sign-up', { email: town.address(), isOldEnough: true });
    expect(byMail.body).toMatchObject({ status: 403, code: 'accounts/identifier_off' });
  });

  it.each([
    [{}, 'accounts/sign_up_off'],
    [{ LETHE_SIGN_UP: 'open' }, 'accounts/identifier_off'],
    [{ LETHE_SIGN_UP_IDENTIFIERS: 'email,username' }, 'accounts/sign_up_off'],
    [{ LETHE_SIGN_UP: 'open', LETHE_SIGN_UP_IDENTIFIERS: 'username', LETHE_SIGN_IN_METHODS: 'email_link' }, 'accounts/method_off'],
  ])(
    'with %j is refused: nobody is invited by a username, and nobody gets an account they could not sign in to',
    async (environment, code) => {
      const other = await TestLethe.start({ environment });
      try {
        const { status, body } = await other.api(
          'POST',
          '/sign-up/username',
          { username: 'kim', password: GOOD_PASSWORD, isOldEnough: true },
          null,
        );
        expect([status, body['code']]).toEqual([403, code]);
        expect(await other.rows('SELECT 1 FROM account')).toEqual([]);
      } finally {
        await other.stop();
      }
    },
  );

  it.each([
    ['a username with a letter of another script', { username: 'k\u0456m' }, 'username'],
    ['an address for a username', { username: 'kim@example.com' }, 'username'],
    ['an invisible character', { username: 'kim\u200bx' }, 'username'],
    ['no password', { password: undefined }, 'password'],
    ['a common password', { password: 'Password12345' }, 'password'],
    ['the username as password', { username: 'otters-row-upstream', password: 'Otters-row-upstream' }, 'password'],
    ['somebody too young', { isOldEnough: false }, 'isOldEnough'],
  ])('of %s is a 400 that names the field, and makes nothing', async (_what, wrong, field) => {
    const before = await signUpRows(test);
    const { status, body } = await ask(freeName(), wrong);
    expect([status, body['errors']]).toEqual([400, [{ field, message: expect.any(String) }]]);
    expect(await signUpRows(test)).toEqual(before);
  });

  it('gives a username to one of any number who want it, in whatever spelling', async () => {
    const username = freeName();
    const answers = await Promise.all([username, username.toUpperCase(), username.replace('k', '\uff4b')].map((spelling) => ask(spelling)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: 'accounts/username_taken', details: { field: 'username' } });
    expect(refused?.headers.getSetCookie()).toEqual([]);
  });

  it('A7: tells few whether a username is taken: a network is slowed after ten, wherever they end, and no other is', async () => {
    const { username } = await newcomer();
    const lister = town.browser();
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await ask(n % 2 === 0 ? username : 'a..b', {}, lister)).status);
    for (let n = 0; n < 6; n += 1) statuses.push((await ask(username, {}, lister)).status);
    expect(statuses.filter((status) => status === 409).length).toBeLessThanOrEqual(11);
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(username)).status).toBe(409);
  });

  it('A7: nor does who is signed in list them by changing their own', async () => {
    const [{ username }, { browser }] = [await newcomer(), await newcomer()];
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await browser.request('PATCH', '/account', { username })).status);
    expect([...new Set(statuses)]).toEqual([409, 429]);
  });

  it('that breaks off at any step leaves no half account, and the username free', async () => {
    const [username, browser] = [freeName(), town.browser()];
    const before = await signUpRows(test);
    for (const table of ['account', 'account_password', 'account_session', 'password_recovery_code', 'audit_event']) {
      const { status, headers } = await whileRefusing(test, table, () => ask(username, {}, browser));
      expect([table, status, headers.getSetCookie()]).toEqual([table, 500, []]);
      expect(await signUpRows(test)).toEqual(before);
    }
    expect((await ask(username, {}, browser)).status).toBe(201);
  });

  it('is for pages of the installation', async () => {
    const elsewhere = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' };
    const { status } = await town
      .browser()
      .post('/sign-up/username', { username: freeName(), password: GOOD_PASSWORD, isOldEnough: true }, elsewhere);
    expect(status).toBe(403);
  });
});

describe('recovering an account without an address', () => {
  it('sets the password by the code, once, ends every session and signs nobody in', async () => {
    const { username, browser, recoveryCode } = await newcomer();
    const typed = recoveryCode.toUpperCase().replaceAll('-', ' ');
    expect((await recover(username, typed, username)).status).toBe(400);
    const { status, body, headers } = await recover(username.toUpperCase(), typed);
    expect([status, body]).toEqual([200, { recoveryCode: expect.stringMatching(CODE) }]);
    expect(headers.getSetCookie()).toEqual([]);
    expect((await browser.get('/account')).status).toBe(401);
    expect((await signIn(username, GOOD_PASSWORD)).status).toBe(401);
    expect((await signIn(username, OTHER_PASSWORD)).status).toBe(200);
    expect((await recover(username, recoveryCode)).body).toMatchObject({ status: 401, code: 'accounts/recovery_refused' });
    expect((await recover(username, String(body['recoveryCode']), THIRD_PASSWORD)).status).toBe(200);
  });

  it('says the same of a wrong code, of a name that is nobody’s, of somebody else’s code and of a blocked account', async () => {
    const [mine, other, blocked] = [await newcomer(), await newcomer(), await newcomer()];
    await test.rows(`UPDATE account SET status = 'blocked' WHERE username = $1`, [blocked.username]);
    const plain = ({ body }: BrowserAnswer) => ({ ...body, requestId: '', instance: '' });
    const refused = plain(await recover(mine.username, NO_CODE));
    expect(refused).toMatchObject({ status: 401, code: 'accounts/recovery_refused' });
    expect(plain(await recover('nobody-at-all', mine.recoveryCode))).toEqual(refused);
    expect(plain(await recover('not a username', mine.recoveryCode))).toEqual(refused);
    expect(plain(await recover(mine.username, other.recoveryCode))).toEqual(refused);
    expect(plain(await recover(blocked.username, blocked.recoveryCode))).toEqual(refused);
  });

  it('happens as a whole: of two at once one counts, and what breaks off leaves the code good', async () => {
    const { username, recoveryCode } = await newcomer();
    for (const table of ['account_password', 'account', 'password_recovery_code', 'audit_event']) {
      expect([table, (await whileRefusing(test, table, () => recover(username, recoveryCode))).status]).toEqual([table, 500]);
      expect((await signIn(username, GOOD_PASSWORD)).status).toBe(200);
    }
    const both = await Promise.all([recover(username, recoveryCode, OTHER_PASSWORD), recover(username, recoveryCode, THIRD_PASSWORD)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  });
});

describe('an address that is added later', () => {
  async function prove({ browser }: Newcomer, email: string): Promise<void> {
    expect((await browser.post('/account/email', { email })).status).toBe(202);
    expect((await browser.post('/account/email/confirm', { token: await town.token(email) })).status).toBe(204);
  }

  it('is proven as any, recovers the account by mail from then on, and ends the code after seven days', async () => {
    const [person, email] = [await newcomer(), town.address()];
    await prove(person, email);
    expect((await person.browser.get('/account')).body).toMatchObject({ email, emailVerified: true });
    clock.advance(7 * DAY_MS);
    expect((await recover(person.username, person.recoveryCode)).status).toBe(401);
    const browser = town.browser();
    await browser.post('/account/recovery', { email });
    expect((await browser.post('/account/recovery/confirm', { token: await town.token(email), newPassword: OTHER_PASSWORD })).status).toBe(
      204,
    );
    expect((await signIn(email, OTHER_PASSWORD)).status).toBe(200);
  });

  it('by a thief who knows the password is taken away by the code, with every way back the thief has made', async () => {
    const [owner, first, second] = [await newcomer(), town.address(), town.address()];
    const thief = town.browser();
    await thief.post('/sign-in/password', { name: owner.username, password: GOOD_PASSWORD });
    await prove({ ...owner, browser: thief }, first);
    clock.advance(1_000);
    expect((await thief.post('/account/email', { email: second })).status).toBe(202);
    await mail.next(first);
    expect(await thief.post('/account/email/confirm', { token: await town.token(second) })).toMatchObject({ status: 204 });
    const undo = await town.token(first);
    clock.advance(6 * DAY_MS);
    expect((await recover(owner.username, owner.recoveryCode)).status).toBe(200);
    expect((await mail.next(second)).subject).toBe('Your password was changed');
    expect((await town.browser().post('/account/email/undo', { token: undo })).body).toMatchObject({ code: 'accounts/link_not_valid' });
    expect((await thief.get('/account')).status).toBe(401);
    expect(await test.rows('SELECT email FROM account WHERE username = $1', [owner.username])).toEqual([{ email: null }]);
  });
});

it('staff find an account by its username, and give one of the two names', async () => {
  const { username } = await newcomer();
  const search = (body: object) =>
    town.browser().send('POST', '/admin/v1/accounts/search', body, { authorization: `Bearer ${test.operatorToken}` });
  expect((await search({ username: username.toUpperCase() })).body).toMatchObject({ username, email: null });
  expect((await search({ username: 'nobody-at-all' })).status).toBe(404);
  expect((await search({})).status).toBe(400);
  expect((await search({ username, email: 'kim@example.com' })).status).toBe(400);
});
