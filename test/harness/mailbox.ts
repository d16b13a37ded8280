import { expect } from 'vitest';
import { Browser } from './accounts.js';
import type { TestLethe } from './app.js';
import type { MailServer, ReceivedMail } from './mail.js';

export const GOOD_PASSWORD = 'quiet otters row upstream';

/** The token at the end of the first link of a mail. */
export function tokenIn(mail: ReceivedMail): string {
  return mail.links[0]?.split('/').at(-1) ?? '';
}

/** Waits until the worker has sent all mail. */
export async function mailIsOut(test: { rows(sql: string): Promise<unknown[]> }): Promise<void> {
  await expect.poll(() => test.rows('SELECT id FROM outgoing_mail'), { timeout: 5_000 }).toEqual([]);
}

/** People who sign up through the routes and read their mail. Needs `LETHE_TRUSTED_PROXIES=127.0.0.0/8`. */
export class Town {
  private count = 0;

  constructor(
    private readonly test: TestLethe,
    private readonly mail: MailServer,
  ) {}

  /** A browser in a network of its own, so that one test's attempts do not slow another's. */
  browser(): Browser {
    this.count += 1;
    return new Browser(this.test.url, { 'x-forwarded-for': `203.0.${this.count >> 8}.${this.count & 255}` });
  }

  address(): string {
    this.count += 1;
    return `person-${this.count}@example.com`;
  }

  /** The token of the next mail to an address. */
  async token(email: string): Promise<string> {
    return tokenIn(await this.mail.next(email));
  }

  /** Signs up; the browser is signed in afterwards. Null: without a password. */
  async register(email: string, password: string | null = GOOD_PASSWORD): Promise<Browser> {
    const browser = this.browser();
    await browser.post('/sign-up', { email, isOldEnough: true, ...(password === null ? {} : { password }) });
    const { status, body } = await browser.post('/sign-up/confirm', { token: await this.token(email) });
    if (status !== 200) throw new Error(`signing up was answered ${status}: ${JSON.stringify(body)}`);
    return browser;
  }
}
