import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import { Browser, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { GOOD_PASSWORD } from '../harness/mailbox.js';

const WRONG = 'not the password at all';
const DAY_MS = 86_400_000;

const clock = new ManualClock(Date.now());
let test: TestLethe;
let replica: TestLethe;
let addresses = 0;

beforeAll(async () => {
  const environment = { LETHE_ROLES: 'api', LETHE_SIGN_UP: 'open', LETHE_TRUSTED_PROXIES: '127.0.0.0/8' };
  test = await TestLethe.start({ environment, clock });
  replica = await TestLethe.start({ environment, clock, databaseUrl: test.databaseUrl });
});
afterAll(async () => {
  await replica?.stop();
  await test?.stop();
});

/** A browser from a network nobody has come from yet. */
function stranger(at: TestLethe = test): Browser {
  addresses += 1;
  return new Browser(at.url, { 'x-forwarded-for': `192.0.2.${addresses}` });
}

async function personWithPassword(): Promise<{ readonly email: string; readonly browser: Browser }> {
  const { email, browser } = await signUp(test.lethe);
  expect((await browser.post('/account/password', { newPassword: GOOD_PASSWORD })).status).toBe(204);
  return { email, browser };
}

const guess = (name: string, browser: Browser, password = WRONG) => browser.post('/sign-in/password', { name, password });

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe('enumeration', () => {
  it('by text: a wrong password and a name that is nobody’s are one answer, as is every request for a mail', async () => {
    const { email } = await personWithPassword();
    const [mine, nobodys] = [await guess(email, stranger()), await guess('nobody@example.com', stranger())];
    const plain = ({ status, body }: typeof mine) => ({ status, ...body, requestId: '', instance: '' });
    expect(plain(mine)).toEqual(plain(nobodys));
    expect(plain(mine)).toMatchObject({ status: 401, code: 'accounts/sign_in_refused' });
    for (const path of ['/sign-in/email-link', '/account/recovery', '/sign-up']) {
      const more = path === '/sign-up' ? { isOldEnough: true } : {};
      const answers = [
        await stranger().post(path, { email, ...more }),
        await stranger().post(path, { email: 'nobody@example.com', ...more }),
      ];
      expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(2).fill([202, { status: 'requested' }]));
    }
  });

  it('by waiting: spellings of one name, and two names of one person, are slowed alike whether there is an account or not', async () => {
    const username = `kim-${randomUUID().slice(0, 8)}`;
    const { email } = await signUp(test.lethe, { username });
    const soft = (address: string) => address.replace('@example', '@exam\u00adple');
    const wide = (name: string) => name.toUpperCase().replace('K', '\uff2b');
    const waits = async (names: readonly string[]): Promise<number[]> => {
      const answers: number[] = [];
      for (const name of names) answers.push((await guess(name, stranger())).status);
      return answers;
    };
    const spelt = (address: string) => [...Array<string>(3).fill(address), ...Array<string>(3).fill(soft(address))];
    expect(await waits(spelt(email))).toEqual(await waits(spelt(`nobody-${randomUUID()}@example.com`)));
    const named = (name: string, address: string) => [address, address, address, name, wide(name), name];
    const person = await signUp(test.lethe, { username: `${username}-2` });
    expect(await waits(named(`${username}-2`, person.email))).toEqual(
      await waits(named(`k-${randomUUID().slice(0, 8)}`, `nobody-${randomUUID()}@example.com`)),
    );
  });

  it('by time: a name that is nobody’s takes as long as a wrong password', async () => {
    const { email } = await personWithPassword();
    const [mine, nobodys]: number[][] = [[], []];
    for (let round = 0; round < 4; round += 1) {
      mine?.push(await millisecondsOf(() => guess(email, stranger())));
      nobodys?.push(await millisecondsOf(() => guess(`nobody-${round}@example.com`, stranger())));
    }
    const [a, b] = [median(mine ?? []), median(nobodys ?? [])];
    // The hash alone takes some 200 ms; without it an answer comes within 20.
    expect(Math.max(a, b) / Math.min(a, b), `${a} ms against ${b} ms`).toBeLessThan(1.6);
  });

  it('by time: a request for a mail takes a multiple of a quarter second, whoever it is for', async () => {
    const { email } = await personWithPassword();
    for (const path of ['/sign-in/email-link', '/account/recovery']) {
      for (const name of [email, 'nobody@example.com']) {
        expect(await millisecondsOf(() => stranger().post(path, { email: name }))).toBeGreaterThanOrEqual(248);
      }
    }
  });
});

describe('guessing', () => {
  it('A7: a name is slowed after five wrong passwords, on both replicas together and from any network', async () => {
    const { email } = await personWithPassword();
    const answers: number[] = [];
    for (let round = 0; round < 7; round += 1) answers.push((await guess(email, stranger(round % 2 === 0 ? test : replica))).status);
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const { status, headers } = await guess(email, stranger(), GOOD_PASSWORD);
    expect([status, Number(headers.get('retry-after'))]).toEqual([429, 1]);
    clock.advance(1_000);
    expect((await guess(email, stranger())).status).toBe(401);
    expect((await guess(email, stranger())).headers.get('retry-after')).toBe('2');
  });

  it('A7: shows in the metrics, by the way that was tried and how it ended, and never by whose name', async () => {
    const { email } = await personWithPassword();
    const counted = async (): Promise<(kind: string, outcome: string) => number> => {
      const response = await fetch(`${test.url}/metrics`);
      const text = await response.text();
      expect(text).not.toContain(email);
      return (kind, outcome) =>
        Number(new RegExp(`lethe_sign_ins_total\\{kind="${kind}",outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    };
    const before = await counted();
    expect((await guess(email, stranger(), GOOD_PASSWORD)).status).toBe(200);
    for (let round = 0; round < 6; round += 1) await guess(email, stranger());
    await stranger().post('/sign-in/email-link/confirm', { token: 'A'.repeat(43) });
    await stranger().get('/me', { authorization: 'Bearer lethe_op_nonsense' });
    const after = await counted();
    const more = (kind: string, outcome: string) => after(kind, outcome) - before(kind, outcome);
    expect([more('password', 'right'), more('password', 'refused'), more('password', 'slowed')]).toEqual([1, 5, 1]);
    expect([more('email_link', 'refused'), more('token', 'refused')]).toEqual([1, 1]);
  });

  it('A7: forty guesses at once count as forty', async () => {
    const { email } = await personWithPassword();
    const browser = stranger();
    const answers = await Promise.all(Array.from({ length: 40 }, () => guess(email, browser)));
    expect(answers.filter(({ status }) => status === 401).length).toBe(5);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
  });

  it('the owner is not locked out: a session from the same network, and a mailed link from anywhere', async () => {
    const { email } = await personWithPassword();
    const home = new Browser(test.url, { 'x-forwarded-for': '203.0.113.200' });
    expect((await guess(email, home, GOOD_PASSWORD)).status).toBe(200);
    for (let round = 0; round < 7; round += 1) await guess(email, stranger());
    expect((await guess(email, stranger(), GOOD_PASSWORD)).status).toBe(429);
    const second = new Browser(test.url, { 'x-forwarded-for': '203.0.113.200' });
    expect((await guess(email, second, GOOD_PASSWORD)).status).toBe(200);
    expect((await stranger().post('/sign-in/email-link', { email })).status).toBe(202);
  });

  it('a siege is over soon after its end, and what is kept of it is bounded and says nothing of anybody', async () => {
    const { email } = await personWithPassword();
    for (let round = 0; round < 7; round += 1) await guess(email, stranger());
    clock.advance(DAY_MS / 4);
    expect((await guess(email, stranger(), GOOD_PASSWORD)).status).toBe(200);
    const rows = await test.rows<{ bucket: number; kind: string }>('SELECT * FROM sign_in_pressure');
    expect(rows.length).toBeGreaterThan(0);
    for (const { bucket, kind } of rows) expect([bucket < 2 ** 18, kind]).toEqual([true, expect.stringMatching(/^[a-z_]+$/)]);
  });

  it('A7: a mailbox is not flooded: from one network four mails, then ever longer waits', async () => {
    const browser = stranger();
    const answers: number[] = [];
    for (let round = 0; round < 6; round += 1)
      answers.push((await browser.post('/sign-in/email-link', { email: 'full@example.com' })).status);
    expect(answers).toEqual([202, 202, 202, 202, 429, 429]);
    expect((await stranger().post('/sign-in/email-link', { email: 'full@example.com' })).status).toBe(202);
  });
});

describe('people who are found to be minors', () => {
  it('A6: the account and all that hangs on it go at once; a day and a reason stay', async () => {
    const { email, browser } = await personWithPassword();
    const found = await fetch(`${test.url}/admin/v1/accounts/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${test.operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email: email.toUpperCase() }),
    });
    const { id } = (await found.json()) as { id: string };
    const headers = { authorization: `Bearer ${test.operatorToken}` };
    await test.rows(`INSERT INTO notification_preference VALUES ($1, 'organisation', true, now())`, [id]);
    await test.rows(`INSERT INTO marketing_consent VALUES ($1, true, '1', 'account', now())`, [id]);
    const removed = await fetch(`${test.url}/admin/v1/accounts/${id}/minor-found`, { method: 'POST', headers });
    expect([found.status, removed.status]).toEqual([200, 204]);
    expect((await browser.get('/me')).status).toBe(401);
    const tables = ['account', 'account_session', 'account_password', 'notification_preference', 'marketing_consent', 'account_notice'];
    for (const table of tables) {
      const column = table === 'account' ? 'id' : 'account_id';
      expect(await test.rows(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [id])).toEqual([]);
    }
    const closures = await test.rows<Record<string, unknown>>('SELECT reason, closed_on::text, id FROM account_closure');
    expect(closures).toEqual([
      { reason: 'minor_found', closed_on: clock.now().toISOString().slice(0, 10), id: expect.not.stringMatching(id) },
    ]);
  });

  it('whatever hangs on an account goes with it: every foreign key to it cascades', async () => {
    const keys = await test.rows<{ from: string; rule: string }>(
      `SELECT conrelid::regclass::text AS from, confdeltype AS rule FROM pg_constraint
       WHERE contype = 'f' AND confrelid = 'account'::regclass AND conparentid = 0 ORDER BY 1`,
    );
    expect(keys.length).toBeGreaterThan(3);
    // `n`: the row stays and points at nobody, as an operator's does.
    expect(keys.filter(({ rule }) => rule !== 'c' && rule !== 'n')).toEqual([]);
    const loose = await test.rows<{ table: string }>(
      `SELECT attrelid::regclass::text AS table FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
       WHERE attname = 'account_id' AND relkind IN ('r', 'p') AND NOT relispartition AND attrelid NOT IN
         (SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = 'account'::regclass) ORDER BY 1`,
    );
    // Links are emptied at once and leave with their day; a hold stands in the way until it is released.
    expect(loose.map(({ table }) => table)).toEqual(['account_ticket', 'held_row', 'legal_hold']);
  });
});
