import type { AccountId } from '../../../kernel/ids.js';
import { RemoveMinor } from '../../../modules/accounts/core/operator/remove-minor.js';
import { CLI_ACTOR } from '../../installation.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import type { OpenIdPerson } from '../instance/open-id-provider.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { OutsideGroup } from '../stores/store.js';
import type { Deed } from './deed.js';
import { OperatorApi } from './operator-api.js';
import { DELETION_DAY, GONE_AFTER_DELETION } from './plant-organisation.js';
import { plantedBrowser } from './planted-browser.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { signInWays } from './sign-in-ways.js';
import { begin, signInByOpenId } from './through-provider.js';
import type { Visitor } from './visitor.js';

export interface PlantedSignOns {
  readonly words: readonly PlantedWord[];
  readonly deeds: readonly Deed[];
}

const STAYS = 'somebody of an OpenID provider';
const IS_REMOVED = 'somebody of an OpenID provider who is removed';
const IS_RENAMED = 'somebody of an OpenID provider of whom less is said';
const NEVER_COMES_BACK = 'somebody who never comes back from an OpenID provider';

/** Of what an OpenID provider says (A1): what is kept, and what is not. Claims by the kind of word. */
const KEPT = { subject: 'sub', username: 'preferred_username', 'e-mail address': 'email', avatar: 'picture' } as const;
const UNKEPT = {
  name: 'name',
  'given name': 'given_name',
  'family name': 'family_name',
  'telephone number': 'phone_number',
  group: 'groups',
} as const;
/** What a provider may stop saying. */
const NO_MORE = ['username', 'avatar'] as const;

/** From when to when something is there. */
type Life = Pick<PlantedWord, 'presentThroughDay' | 'goneFromDay'>;
const FOREVER: Life = { presentThroughDay: Infinity, goneFromDay: Infinity };
const UNTIL_DELETION: Life = { presentThroughDay: DELETION_DAY - 1, goneFromDay: GONE_AFTER_DELETION };

/**
 * People who sign in through an OpenID provider of the installation, with a word in all that it says of them, and every secret that is exchanged. One
 * stays, one is removed, of one the provider says less from the next day on, and one sets out and never comes back. Nobody, where the profile does
 * not have that.
 */
export async function plantOpenId(instance: CanaryInstance, book: CanaryBook): Promise<PlantedSignOns> {
  const { methods } = await signInWays(instance);
  if (!methods.includes('oidc')) return { words: [], deeds: [] };
  const people = new OpenIdPeople(instance, book);
  await people.makeProvider();
  await people.enter(STAYS);
  const { id } = await people.enter(IS_REMOVED);
  const { person } = await people.enter(IS_RENAMED);
  await people.leave(NEVER_COMES_BACK);
  const saysLess = (): Promise<void> => {
    const claims = Object.entries(person.claims).filter(([claim]) => !NO_MORE.some((kind) => KEPT[kind] === claim));
    person.claims = { ...Object.fromEntries(claims), sub: person.claims.sub };
    return Promise.resolve();
  };
  return {
    words: people.words,
    deeds: [
      { day: DELETION_DAY, run: () => instance.lethe.get(RemoveMinor).run(id as AccountId, CLI_ACTOR) },
      { day: DELETION_DAY, run: saysLess },
    ],
  };
}

class OpenIdPeople {
  readonly words: PlantedWord[] = [];
  private readonly admin: OperatorApi;
  /** Of the provider, for people. */
  private path = '';

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
  ) {
    this.admin = new OperatorApi(instance.lethe.url, instance.operatorToken);
  }

  async makeProvider(): Promise<void> {
    const shownAt = '/admin/v1/identity-providers';
    const { id } = await this.admin.ask<{ id: string }>('POST', shownAt, {
      kind: 'oidc',
      issuer: this.instance.world.openId.issuer,
      name: this.book.word('name of an OpenID provider'),
      clientId: this.book.word('client id at an OpenID provider'),
      clientSecret: this.never('client secret', 'an OpenID provider', 'secret', ['identity_providers']),
      settings: {
        scopes: ['openid', 'profile', 'email', 'offline_access'],
        trustedEmailDomains: ['example.com'],
        keepsRefreshToken: true,
      },
    });
    this.path = `/sign-in/providers/${id}`;
    for (const place of ['name of an OpenID provider', 'client id at an OpenID provider']) {
      const isPresent = async (): Promise<boolean> => (await this.admin.text(shownAt)).includes(this.book.word(place));
      const mayBeIn = ['database', 'mail', 'identity_providers'] as const;
      this.words.push({ place, kind: 'OpenID provider', dataClass: 'configuration', mayBeIn, ...FOREVER, isPresent });
    }
  }

  /** Signs somebody in, and up. Answers the id of the account, and who the provider takes them for. */
  async enter(who: string): Promise<{ readonly id: string; readonly person: OpenIdPerson }> {
    const browser = this.browser(who);
    const person = this.person(who);
    await this.signIn(browser, person, who);
    const account = JSON.parse(await browser.ask('GET', '/account')) as { id: string };
    const shown = who === STAYS ? this.signedInAnew(browser, person) : () => identitiesOf(browser);
    for (const kind of Object.keys(KEPT)) this.kept(kind, who, shown);
    return { id: account.id, person };
  }

  /** Sets out, with a word in where the way back leads. */
  async leave(who: string): Promise<void> {
    const place = `return path of ${who}`;
    await begin(this.browser(who), { path: this.path, returnPath: `/${this.book.word(place)}` });
    this.words.push({ ...neverKept(place, 'return path', 'operational'), mayBeIn: ['database'], goneFromDay: GONE_AFTER_DELETION });
  }

  private async signIn(browser: Visitor, person: OpenIdPerson, who: string): Promise<void> {
    this.instance.world.openId.signsIn = person;
    const state = await signInByOpenId(browser, { path: this.path });
    this.handedOut(`state of ${who}`, state, ['identity_providers']);
    for (const [index, value] of browser.secrets().entries()) this.handedOut(`cookie ${index + 1} of ${who}`, value);
  }

  /** Sessions are over sooner than years: whoever wants to see what is kept of them signs in once more, once a day. */
  private signedInAnew(browser: Visitor, person: OpenIdPerson): () => Promise<string> {
    let [shownOnDay, text] = [-1, ''];
    return async () => {
      const { clock, world } = this.instance;
      if (shownOnDay === clock.day) return text;
      world.openId.signsIn = person;
      await signInByOpenId(browser, { path: this.path });
      [shownOnDay, text] = [clock.day, await identitiesOf(browser)];
      return text;
    };
  }

  private person(who: string): OpenIdPerson {
    const word = (kind: string): string => this.book.word(`${kind} of ${who}`);
    const unkept = Object.entries(UNKEPT).map(([kind, claim]) => [claim, this.never(kind, who, 'account_profile')]);
    const claims = {
      ...Object.fromEntries(unkept),
      sub: word('subject'),
      preferred_username: word('username'),
      email: `${word('e-mail address')}@example.com`,
      email_verified: true,
      picture: `https://pictures.example.com/${word('avatar')}`,
    };
    const secret = (kind: string): string => this.never(kind, who, 'secret', ['identity_providers']);
    return { claims, code: secret('authorisation code'), accessToken: secret('access token'), refreshToken: secret('refresh token') };
  }

  private kept(kind: string, who: string, shown: () => Promise<string>): void {
    const isNoMore = who === IS_RENAMED && (NO_MORE as readonly string[]).includes(kind);
    // Of the others there is nobody who could look once their first session is over.
    const unseen = { ...FOREVER, presentThroughDay: DELETION_DAY - 1 };
    const life = who === STAYS ? FOREVER : who === IS_REMOVED || isNoMore ? UNTIL_DELETION : unseen;
    const place = `${kind} of ${who}`;
    this.words.push({
      place,
      kind: `${kind} at an OpenID provider`,
      dataClass: 'account_profile',
      mayBeIn: ['database', 'mail'],
      ...life,
      isPresent: async () => (await shown()).includes(this.book.word(place)),
    });
  }

  private browser(who: string): Visitor {
    const { browser, words } = plantedBrowser(this.instance, this.book, who);
    this.words.push(...words);
    return browser;
  }

  private never(kind: string, who: string, dataClass: PlantedWord['dataClass'], goesTo: readonly OutsideGroup[] = []): string {
    const place = `${kind} of ${who}`;
    this.words.push(neverKept(place, `${kind} at an OpenID provider`, dataClass, goesTo));
    return this.book.word(place);
  }

  private handedOut(place: string, value: string, goesTo: readonly OutsideGroup[] = []): void {
    this.book.secret(place, value);
    this.words.push(neverKept(place, 'secret of a sign-on', 'secret', goesTo));
  }
}

async function identitiesOf(browser: Visitor): Promise<string> {
  return (await browser.send('GET', '/account/identities')).text;
}
