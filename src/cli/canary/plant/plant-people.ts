import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountId } from '../../../kernel/ids.js';
import { Accounts } from '../../../modules/accounts/accounts.contract.js';
import { RemoveMinor } from '../../../modules/accounts/core/operator/remove-minor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { CLI_ACTOR } from '../../installation.js';
import { type CanaryInstance, MAIL_FOLDER } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { Deed } from './deed.js';
import { OperatorApi } from './operator-api.js';
import { DELETION_DAY } from './plant-organisation.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { plantedBrowser } from './planted-browser.js';
import { signInWays } from './sign-in-ways.js';
import type { Visitor } from './visitor.js';

export interface PlantedPeople {
  readonly words: readonly PlantedWord[];
  /** The account of the one who is to be removed is. */
  readonly deeds: readonly Deed[];
}

const STAYS = 'a person who stays';
const IS_REMOVED = 'a person who is removed';

/**
 * Two people, of whom one is removed, and one who never confirms; with every secret they are given. Where nobody signs up by e-mail, the two are made
 * as a provider's sign-in makes them.
 */
export async function plantPeople(instance: CanaryInstance, book: CanaryBook): Promise<PlantedPeople> {
  const people = new People(instance, book);
  const { methods, signUpIdentifiers } = await signInWays(instance);
  const withPassword = methods.includes('password');
  const signsUp = signUpIdentifiers.includes('email') && (withPassword || methods.includes('email_link'));
  const enter = (who: string, removedOnDay: number | null): Promise<string> =>
    signsUp ? people.signUp(who, withPassword, removedOnDay) : people.vouchedFor(who, removedOnDay);
  await enter(STAYS, null);
  const leaving = await enter(IS_REMOVED, DELETION_DAY);
  if (signsUp) await people.begin('a person who never confirms', withPassword);
  return {
    words: people.words,
    deeds: [{ day: DELETION_DAY, run: () => instance.lethe.get(RemoveMinor).run(leaving as AccountId, CLI_ACTOR) }],
  };
}

class People {
  readonly words: PlantedWord[] = [];
  private readonly api: OperatorApi;

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
  ) {
    this.api = new OperatorApi(instance.lethe.url, instance.operatorToken);
  }

  /** Answers the account's id. */
  async signUp(who: string, withPassword: boolean, removedOnDay: number | null): Promise<string> {
    const browser = this.browser(who);
    const email = `${this.book.word(`e-mail address of ${who}`)}@example.com`;
    const password = this.password(who, withPassword);
    const displayName = this.book.word(`display name of ${who}`);
    await browser.ask('POST', '/sign-up', { email, isOldEnough: true, displayName, ...password });
    const token = await this.mailedToken(email);
    this.secret(`mailed link of ${who}`, token, ['mail']);
    await browser.ask('POST', '/sign-up/confirm', { token });
    await browser.ask('PATCH', '/account', { username: this.book.word(`username of ${who}`) });
    for (const [index, value] of browser.secrets().entries()) this.secret(`cookie ${index + 1} of ${who}`, value);
    const { id } = await this.api.ask<{ id: string }>('POST', '/admin/v1/accounts/search', { email });
    for (const kind of ['e-mail address', 'display name', 'username']) this.personal(kind, who, { id, removedOnDay });
    return id;
  }

  /** An account that somebody else has proven; answers its id. */
  async vouchedFor(who: string, removedOnDay: number | null): Promise<string> {
    const account = {
      email: `${this.book.word(`e-mail address of ${who}`)}@example.com`,
      emailVerified: true,
      username: this.book.word(`username of ${who}`),
      displayName: this.book.word(`display name of ${who}`),
      locale: 'en',
      attestedAge: 16,
    };
    const { lethe } = this.instance;
    const { id } = await lethe.get(UnitOfWork).asSystem((tx) => lethe.get(Accounts).create(tx, account, CLI_ACTOR));
    for (const kind of ['e-mail address', 'display name', 'username']) this.personal(kind, who, { id, removedOnDay });
    return id;
  }

  /** Signs up, and never opens the mail. */
  async begin(who: string, withPassword: boolean): Promise<void> {
    const email = `${this.book.word(`e-mail address of ${who}`)}@example.com`;
    await this.browser(who).ask('POST', '/sign-up', { email, isOldEnough: true, ...this.password(who, withPassword) });
    const goneFromDay = this.profileDays() + 1;
    this.words.push({
      place: `e-mail address of ${who}`,
      kind: 'e-mail address',
      dataClass: 'account_profile',
      mayBeIn: ['database', 'mail'],
      presentThroughDay: -1,
      goneFromDay,
      isPresent: null,
    });
  }

  private personal(kind: string, who: string, life: { readonly id: string; readonly removedOnDay: number | null }): void {
    const place = `${kind} of ${who}`;
    const { id, removedOnDay } = life;
    this.words.push({
      place,
      kind,
      dataClass: 'account_profile',
      mayBeIn: ['database', 'mail'],
      presentThroughDay: removedOnDay === null ? Infinity : removedOnDay - 1,
      goneFromDay: removedOnDay === null ? Infinity : removedOnDay + this.profileDays() + 1,
      isPresent: async () => (await this.api.text(`/admin/v1/accounts/${id}`)).includes(this.book.word(place)),
    });
  }

  private browser(who: string): Visitor {
    const { browser, words } = plantedBrowser(this.instance, this.book, who);
    this.words.push(...words);
    return browser;
  }

  private password(who: string, isWanted: boolean): { readonly password?: string } {
    return isWanted ? { password: this.never(`password of ${who}`, 'password', 'secret') } : {};
  }

  private never(place: string, kind: string, dataClass: PlantedWord['dataClass']): string {
    this.words.push(neverKept(place, kind, dataClass));
    return this.book.word(place);
  }

  private secret(place: string, value: string, goesTo: readonly 'mail'[] = []): void {
    this.book.secret(place, value);
    this.words.push(neverKept(place, place.split(' of ')[0] ?? place, 'secret', goesTo));
  }

  private profileDays(): number {
    return Math.max(...Object.values(this.instance.profile.windows.account_profile.days));
  }

  /** The last part of the first link in the newest mail to an address. */
  private async mailedToken(email: string): Promise<string> {
    const folder = join(this.instance.dataDirectory, MAIL_FOLDER);
    let token: string | undefined;
    await this.instance.until('the mail has been sent', async () => {
      const mails = readdirSync(this.instance.dataDirectory).includes(MAIL_FOLDER) ? readdirSync(folder).sort().reverse() : [];
      const mail = mails.map((name) => readFileSync(join(folder, name), 'utf8')).find((text) => text.startsWith(`To: ${email}`));
      token = /https?:\/\/\S+\/([A-Za-z0-9_-]{43})/.exec(mail ?? '')?.[1];
      return Promise.resolve(token !== undefined);
    });
    return token ?? '';
  }
}
