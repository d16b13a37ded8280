import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../src/platform/http/cookies.js';
import { PasswordHashes } from '../../src/modules/accounts/core/passwords/password-hashes.js';
import { Browser, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { GOOD_PASSWORD, mailIsOut, tokenIn, Town } from '../harness/mailbox.js';
import { signUpRows, whileRefusing } from '../harness/refused-writes.js';

const MINUTE_MS = 60_000;
const OTHER_PASSWORD = 'slow herons wade downriver';
/** In the shape of one, and never issued. */
const FORGED = 'A'.repeat(43);

const clock = new ManualClock(Date.now());
let mail: MailServer;
let test: TestLethe;
let town: Town;

beforeAll(async () => {
  mail = await startMailServer();
  const environment = { LETHE_ROLES: 'api,worker', LETHE_SMTP_URL: mail.url, LETHE_SIGN_UP: 'open', LETHE_TRUSTED_PROXIES: '127.0.0.0/8' };
  test = await TestLethe.start({ environment, clock });
  town = new Town(test, mail);
});
afterAll(async () => {
  await test?.stop();
  await mail?.close();
});

const signInWith = (name: string, password: string, browser = town.browser()) => browser.post('/sign-in/password', { name, password });

describe('signing up', () => {
  it('A1, A6: an account begins with the mailed link, signed in, with the age that was asked and no birth date', async () => {
    const email = town.address();
    const browser = await town.register(email);
    expect((await browser.get('/account')).body).toMatchObject({ email, emailVerified: true, hasPassword: true, attestedAge: 16 });
    const [row] = await test.rows<Record<string, unknown>>('SELECT * FROM account WHERE email = $1', [email]);
    expect(row).toMatchObject({ attested_age: 16, attested_at: expect.any(Date) });
    expect(Object.keys(row ?? {}).join()).not.toMatch(/birth/);
  });

  it('nobody has an account before the link is used, and nobody sits on an address by naming it', async () => {
    const email = town.address();
    const squatter = town.browser();
    await squatter.post('/sign-up', { email, password: OTHER_PASSWORD, isOldEnough: true });
    expect(await test.rows('SELECT 1 FROM account WHERE email = $1', [email])).toEqual([]);
    const squattersToken = await town.token(email);
    const owner = await town.register(email);
    expect((await signInWith(email, OTHER_PASSWORD)).status).toBe(401);
    expect((await squatter.post('/sign-up/confirm', { token: squattersToken })).body).toMatchObject({ code: 'accounts/email_taken' });
    expect((await owner.get('/account')).status).toBe(200);
  });

  it("an owner who opens a stranger's sign-up link does not confirm the stranger's password", async () => {
    const email = town.address();
    await town.browser().post('/sign-up', { email, password: OTHER_PASSWORD, isOldEnough: true });
    const token = await town.token(email);
    const { status, body } = await town.browser().post('/sign-up/confirm', { token });
    expect([status, body['code']]).toEqual([403, 'accounts/link_of_another_browser']);
    expect(await test.rows('SELECT 1 FROM account WHERE email = $1', [email])).toEqual([]);
  });

  it('A6: who is not old enough gets no account', async () => {
    const { status, body } = await town.browser().post('/sign-up', { email: town.address(), isOldEnough: false });
    expect([status, body['errors']]).toEqual([400, [{ field: 'isOldEnough', message: 'must be true: one has to be at least 16' }]]);
  });

  it('K5: a password shorter than is asked for now, chosen before, still signs in', async () => {
    const { email } = await signUp(test.lethe);
    const hash = await test.lethe.get(PasswordHashes).hash('ten chars!');
    await test.rows('INSERT INTO account_password SELECT id, $2, now() FROM account WHERE email = $1', [email, hash]);
    expect((await signInWith(email, 'ten chars!')).status).toBe(200);
  });

  it.each([
    ['short', 'must be text of 12 to 256 characters'],
    ['Password1234', 'must not be a password that many people use'],
    ['aaaaaaaaaaaa', 'must not be a password that many people use'],
    ['p\u0000assword with nul', 'must not contain NUL'],
  ])('K5: the password %j is refused and the field named', async (password, message) => {
    const { status, body } = await town.browser().post('/sign-up', { email: town.address(), password, isOldEnough: true });
    expect([status, body['errors']]).toEqual([400, [{ field: 'password', message: expect.stringContaining(message) }]]);
  });

  it.each([
    ['over-long', `${'a'.repeat(65)}@example.com`],
    ['over-long as a whole', `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}`],
    ['confusable', 'p\u0430ypal@example.com'],
    ['with a confusable domain', 'kim@ex\u0430mple.com'],
    ['with a line break', 'kim@example.com\r\nbcc: all@example.com'],
    ['without a domain', 'kim'],
  ])('an address that is %s is a 400 that names the field', async (_what, email) => {
    const { status, body } = await town.browser().post('/sign-up', { email, isOldEnough: true });
    expect([status, body['errors']]).toEqual([400, [{ field: 'email', message: expect.any(String) }]]);
  });
});

describe('a sign-up that breaks off at any step', () => {
  it('when it is asked for, leaves nothing', async () => {
    const [email, browser] = [town.address(), town.browser()];
    // None of it leaves its table between two counts.
    await mailIsOut(test);
    const before = await signUpRows(test);
    for (const table of ['account_ticket', 'outgoing_mail', 'outbox_event']) {
      const { status } = await whileRefusing(test, table, () => browser.post('/sign-up', { email, isOldEnough: true }));
      expect([table, status]).toEqual([table, 500]);
      expect(await signUpRows(test)).toEqual(before);
    }
  });

  it('when it is confirmed, leaves no half account, and the link is good for another try', async () => {
    const [email, browser] = [town.address(), town.browser()];
    await browser.post('/sign-up', { email, password: GOOD_PASSWORD, isOldEnough: true });
    const token = await town.token(email);
    await mailIsOut(test);
    const before = await signUpRows(test);
    for (const table of ['account_ticket', 'account', 'account_password', 'account_session', 'audit_event']) {
      const { status } = await whileRefusing(test, table, () => browser.post('/sign-up/confirm', { token }));
      expect([table, status]).toEqual([table, 500]);
      expect(await signUpRows(test)).toEqual(before);
    }
    expect((await browser.post('/sign-up/confirm', { token })).status).toBe(200);
    expect((await browser.get('/account')).body).toMatchObject({ email, hasPassword: true });
  });
});

describe('signing in by password', () => {
  it('A1, K5: takes the address in any spelling, keeps a bcrypt hash of cost 12 or more, and nothing of the password', async () => {
    const email = town.address();
    await town.register(email);
    const { status, body } = await signInWith(email.toUpperCase().replace('PERSON', '\uFF30erson'), GOOD_PASSWORD);
    expect([status, body['state']]).toEqual([200, 'complete']);
    const hashes = await test.rows<{ hash: string }>('SELECT hash FROM account_password');
    for (const { hash } of hashes) expect(hash).toMatch(/^\$2b\$1[2-9]\$/);
  });

  it('a long password counts to its last character', async () => {
    const email = town.address();
    const long = `${'longer than bcrypt reads '.repeat(6)}`;
    await town.register(email, `${long}1`);
    expect((await signInWith(email, `${long}2`)).status).toBe(401);
    expect((await signInWith(email, `${long}1`)).status).toBe(200);
  });

  it('a blocked account says so to who knows the password, and to nobody else', async () => {
    const email = town.address();
    const browser = await town.register(email);
    const [{ id } = { id: '' }] = await test.rows<{ id: string }>('SELECT id FROM account WHERE email = $1', [email]);
    await test.rows(`UPDATE account SET status = 'blocked' WHERE id = $1`, [id]);
    expect((await browser.get('/account')).body).toMatchObject({ code: 'accounts/session_ended' });
    expect((await signInWith(email, OTHER_PASSWORD)).body).toMatchObject({ code: 'accounts/sign_in_refused' });
    expect((await signInWith(email, GOOD_PASSWORD)).body).toMatchObject({ code: 'accounts/account_blocked' });
  });

  it("no fixation: a sign-in never goes on with a session the browser had, another's or its own", async () => {
    const email = town.address();
    const browser = await town.register(email);
    const before = browser.cookies.get(SESSION_COOKIE);
    await signInWith(email, GOOD_PASSWORD, browser);
    expect(browser.cookies.get(SESSION_COOKIE)).not.toBe(before);
    const victim = town.browser();
    victim.cookies.set(SESSION_COOKIE, FORGED);
    expect((await signInWith(email, GOOD_PASSWORD, victim)).status).toBe(200);
    expect(victim.cookies.get(SESSION_COOKIE)).not.toBe(FORGED);
  });
});

describe('signing in by a mailed link', () => {
  async function askedBy(email: string): Promise<{ browser: ReturnType<Town['browser']>; token: string }> {
    const browser = town.browser();
    expect((await browser.post('/sign-in/email-link', { email })).status).toBe(202);
    return { browser, token: await town.token(email) };
  }

  it('A1: works once, in the browser that asked', async () => {
    const email = town.address();
    await town.register(email, null);
    const { browser, token } = await askedBy(email);
    const elsewhere = await town.browser().post('/sign-in/email-link/confirm', { token });
    expect(elsewhere.body).toMatchObject({ status: 403, code: 'accounts/link_of_another_browser' });
    expect((await browser.post('/sign-in/email-link/confirm', { token })).status).toBe(200);
    expect(browser.cookies.has(BROWSER_COOKIE)).toBe(false);
    const again = await browser.post('/sign-in/email-link/confirm', { token });
    expect(again.body).toMatchObject({ status: 410, code: 'accounts/link_not_valid' });
  });

  it.each([
    ['nothing', ''],
    ['a letter', 'x'],
    ['thousands of them', 'A'.repeat(4_000)],
    ['more than one value', 'a,b=c'],
  ])('a browser that calls itself %s is given a name of its own', async (_what, planted) => {
    const email = town.address();
    await town.register(email, null);
    const browser = town.browser();
    await browser.post('/sign-in/email-link', { email }, { cookie: `${BROWSER_COOKIE}=${planted}` });
    expect(browser.cookies.get(BROWSER_COOKIE)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await browser.post('/sign-in/email-link/confirm', { token: await town.token(email) })).status).toBe(200);
  });

  it('of two who use it at once, one gets in', async () => {
    const email = town.address();
    await town.register(email, null);
    const { browser, token } = await askedBy(email);
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/sign-in/email-link/confirm', { token })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 410, 410]);
  });

  it('a mail scanner that opens it uses nothing up', async () => {
    const email = town.address();
    await town.register(email, null);
    const { browser, token } = await askedBy(email);
    const scanned = await town.browser().get(`/links/${token}`);
    expect(scanned.body).toMatchObject({ kind: 'sign_in', isUsableHere: false, next: '/api/v1/sign-in/email-link/confirm' });
    expect((await browser.get(`/links/${token}`)).body).toMatchObject({ isUsableHere: true });
    expect((await browser.post('/sign-in/email-link/confirm', { token })).status).toBe(200);
  });

  it('is over after ten minutes, and never was if nobody issued it', async () => {
    const email = town.address();
    await town.register(email, null);
    const { browser, token } = await askedBy(email);
    expect((await browser.post('/sign-in/email-link/confirm', { token: FORGED })).status).toBe(410);
    clock.advance(10 * MINUTE_MS);
    expect((await browser.post('/sign-in/email-link/confirm', { token })).status).toBe(410);
    expect((await browser.get(`/links/${token}`)).status).toBe(410);
  });

  it('a link made by a clock that ran ahead is good at once', async () => {
    const email = town.address();
    await town.register(email, null);
    const { browser, token } = await askedBy(email);
    clock.advance(-60 * MINUTE_MS);
    expect((await browser.post('/sign-in/email-link/confirm', { token })).status).toBe(200);
    clock.advance(60 * MINUTE_MS);
  });

  it('a link of one kind is none of another', async () => {
    const email = town.address();
    await town.register(email);
    const { browser, token } = await askedBy(email);
    expect((await browser.post('/account/recovery/confirm', { token, newPassword: OTHER_PASSWORD })).status).toBe(410);
    expect((await browser.post('/sign-up/confirm', { token })).status).toBe(410);
    expect((await browser.post('/account/email/undo', { token })).status).toBe(410);
    expect((await browser.post('/sign-in/email-link/confirm', { token })).status).toBe(200);
  });
});

describe('recovering an account', () => {
  it('sets the password once, ends every session, tells the owner and signs nobody in', async () => {
    const email = town.address();
    const old = await town.register(email);
    const browser = town.browser();
    await browser.post('/account/recovery', { email });
    const token = await town.token(email);
    expect((await town.browser().post('/account/recovery/confirm', { token, newPassword: OTHER_PASSWORD })).status).toBe(403);
    expect((await browser.post('/account/recovery/confirm', { token, newPassword: email })).status).toBe(400);
    expect((await browser.post('/account/recovery/confirm', { token, newPassword: OTHER_PASSWORD })).status).toBe(204);
    expect((await browser.post('/account/recovery/confirm', { token, newPassword: GOOD_PASSWORD })).status).toBe(410);
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
    expect((await old.get('/account')).status).toBe(401);
    expect((await mail.next(email)).subject).toBe('Your password was changed');
    expect((await signInWith(email, GOOD_PASSWORD)).status).toBe(401);
    expect((await signInWith(email, OTHER_PASSWORD)).status).toBe(200);
  });
});

describe('changing the e-mail address', () => {
  it('needs a recent proof, the new mailbox and the same account, and tells the old address', async () => {
    const [email, wanted] = [town.address(), town.address()];
    const browser = await town.register(email);
    clock.advance(11 * MINUTE_MS);
    expect((await browser.post('/account/email', { email: wanted })).body).toMatchObject({ status: 403, code: 'http/step_up_required' });
    expect((await browser.post('/account/proof/password', { password: OTHER_PASSWORD })).status).toBe(403);
    expect((await browser.post('/account/proof/password', { password: GOOD_PASSWORD })).status).toBe(200);
    expect((await browser.post('/account/email', { email: wanted })).status).toBe(202);
    const told = await mail.next(email);
    const token = await town.token(wanted);
    const stranger = await town.register(town.address());
    expect((await stranger.post('/account/email/confirm', { token })).status).toBe(410);
    expect((await town.browser().post('/account/email/confirm', { token })).status).toBe(401);
    expect((await browser.post('/account/email/confirm', { token })).status).toBe(204);
    expect((await browser.get('/account')).body).toMatchObject({ email: wanted, emailVerified: true });
    expect(told.text).not.toContain(wanted);
    expect((await signInWith(email, GOOD_PASSWORD)).status).toBe(401);
  });

  it.each(['before', 'after'] as const)('a thief who changed it twice takes nothing back %s the owner has', async (when) => {
    const [email, first, second] = [town.address(), town.address(), town.address()];
    const thief = await town.register(email);
    const change = async (from: string, to: string): Promise<string> => {
      await thief.post('/account/email', { email: to });
      await mail.next(from);
      expect((await thief.post('/account/email/confirm', { token: await town.token(to) })).status).toBe(204);
      const undo = await town.token(from);
      clock.advance(1_000);
      return undo;
    };
    const owners = await change(email, first);
    const thiefs = await change(first, second);
    const undo = (token: string) => town.browser().post('/account/email/undo', { token });
    if (when === 'before') expect((await undo(thiefs)).status).toBe(204);
    expect((await undo(owners)).status).toBe(204);
    expect((await undo(thiefs)).body).toMatchObject({ status: 410, code: 'accounts/link_not_valid' });
    expect(await test.rows('SELECT 1 FROM account WHERE email = $1', [email])).toHaveLength(1);
    expect(await test.rows('SELECT 1 FROM account WHERE email = ANY($1)', [[first, second]])).toEqual([]);
  });

  it('can be taken back from the old address for seven days: the thief is out, and knows no password any more', async () => {
    const [email, thiefs] = [town.address(), town.address()];
    const thief = await town.register(email);
    await thief.post('/account/email', { email: thiefs });
    await mail.next(email);
    await thief.post('/account/email/confirm', { token: await town.token(thiefs) });
    const undo = await town.token(email);
    await thief.post('/account/password', { newPassword: OTHER_PASSWORD });
    clock.advance(6 * 24 * 60 * MINUTE_MS);
    const owner = town.browser();
    expect((await owner.get(`/links/${undo}`)).body).toMatchObject({ kind: 'email_undo', isUsableHere: true });
    expect((await owner.post('/account/email/undo', { token: undo })).status).toBe(204);
    expect((await thief.get('/account')).status).toBe(401);
    for (const name of [email, thiefs]) expect((await signInWith(name, OTHER_PASSWORD)).status).toBe(401);
    await owner.post('/account/recovery', { email });
    const token = await town.token(email);
    expect((await owner.post('/account/recovery/confirm', { token, newPassword: GOOD_PASSWORD })).status).toBe(204);
    expect((await signInWith(email, GOOD_PASSWORD)).status).toBe(200);
  });

  it("an address that another account has is answered like any other, and its owner's link changes nothing", async () => {
    const [email, taken] = [town.address(), town.address()];
    await town.register(taken);
    const browser = await town.register(email);
    const before = mail.mails().filter(({ to }) => to === taken).length;
    expect(await browser.post('/account/email', { email: taken })).toMatchObject({ status: 202, body: { status: 'requested' } });
    await mail.next(email);
    expect(mail.mails().filter(({ to }) => to === taken)).toHaveLength(before);
  });
});

describe('proving once more who one is', () => {
  it('by link, for an account without a password; the session gets a new token', async () => {
    const email = town.address();
    const browser = await town.register(email, null);
    const before = browser.cookies.get(SESSION_COOKIE) ?? '';
    expect((await browser.post('/account/proof/password', { password: GOOD_PASSWORD })).body).toMatchObject({
      code: 'accounts/no_password',
    });
    expect((await browser.request('POST', '/account/proof/email-link')).status).toBe(202);
    const token = tokenIn(await mail.next(email));
    expect((await browser.post('/account/proof/email-link/confirm', { token })).status).toBe(200);
    expect(browser.cookies.get(SESSION_COOKIE)).not.toBe(before);
    const stale = town.browser();
    stale.cookies.set(SESSION_COOKIE, before);
    expect((await stale.get('/account')).status).toBe(401);
    expect((await browser.post('/account/password', { newPassword: OTHER_PASSWORD })).status).toBe(204);
  });
});

describe('how long a session lasts', () => {
  const HOUR_MS = 60 * MINUTE_MS;

  it('the owner is told of a sign-in from a network and a device that none of their sessions has', async () => {
    const email = town.address();
    await town.register(email);
    const elsewhere = new Browser(test.url, {
      'x-forwarded-for': '198.51.100.9',
      'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0',
    });
    expect((await signInWith(email, GOOD_PASSWORD, elsewhere)).status).toBe(200);
    const told = await mail.next(email);
    expect(told.subject).toBe('A new sign-in to your account');
    expect(told.text).toContain('Firefox on Windows');
    expect(told.text).not.toContain('198.51.100.9');
  });

  it('unused, half a day; used, seven days and no longer', async () => {
    const [idle, busy] = [await town.register(town.address()), await town.register(town.address())];
    clock.advance(11 * HOUR_MS);
    expect((await busy.get('/me')).status).toBe(200);
    clock.advance(2 * HOUR_MS);
    expect((await idle.get('/me')).body).toMatchObject({ status: 401, code: 'accounts/session_ended' });
    for (let hours = 13; hours < 168; hours += 11) {
      expect([hours, (await busy.get('/me')).status]).toEqual([hours, 200]);
      clock.advance(11 * HOUR_MS);
    }
    expect((await busy.get('/me')).status).toBe(401);
  });
});
