import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, type ReceivedMail, startMailServer } from '../harness/mail.js';

const PASSWORD = 'quiet otters row upstream';

let mail: MailServer;
let test: TestLethe;
let addresses = 0;

beforeAll(async () => {
  mail = await startMailServer();
  const environment = { LETHE_ROLES: 'api,worker', LETHE_SMTP_URL: mail.url, LETHE_SIGN_UP: 'open', LETHE_TRUSTED_PROXIES: '127.0.0.0/8' };
  test = await TestLethe.start({ environment });
});
afterAll(async () => {
  await test?.stop();
  await mail?.close();
});

/** A browser in a network of its own, so that one test's attempts do not slow another's. */
function browser(): Browser {
  addresses += 1;
  return new Browser(test.url, { 'x-forwarded-for': `203.0.113.${addresses}` });
}

function address(): string {
  addresses += 1;
  return `person-${addresses}@example.com`;
}

function tokenIn(received: ReceivedMail): string {
  const [link = ''] = received.links;
  return link.split('/').at(-1) ?? '';
}

/** Signs up through the routes and the mail; the browser is signed in afterwards. */
async function register(email: string, password: string | null = PASSWORD): Promise<Browser> {
  const asking = browser();
  const asked = await asking.post('/sign-up', { email, ...(password === null ? {} : { password }), isOldEnough: true });
  expect([asked.status, asked.body]).toEqual([202, { status: 'requested' }]);
  const confirmed = await asking.post('/sign-up/confirm', { token: tokenIn(await mail.next(email)) });
  expect([confirmed.status, confirmed.body['state']]).toEqual([200, 'complete']);
  return asking;
}

describe('signing up', () => {
  it('A1, A6: an account begins with the mailed link, signed in, with the age that was asked and no birth date', async () => {
    const email = address();
    const person = await register(email);
    const { body } = await person.get('/account');
    expect(body).toMatchObject({ email, emailVerified: true, hasPassword: true, attestedAge: 16 });
    const [row] = await test.rows('SELECT * FROM account WHERE email = $1', [email]);
    expect(row).toMatchObject({ attested_age: 16, attested_at: expect.any(Date) });
    expect(Object.keys(row ?? {}).join()).not.toMatch(/birth/);
  });
});
