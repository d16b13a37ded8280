import type { CanaryInstance } from '../instance/canary-instance.js';
import type { SamlPerson } from '../instance/saml-provider.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { OperatorApi } from './operator-api.js';
import type { PlantedSignOns } from './plant-open-id.js';
import { DELETION_DAY, GONE_AFTER_DELETION, type PlantedOrganisation } from './plant-organisation.js';
import { plantedBrowser } from './planted-browser.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { proveDomain } from './prove-domain.js';
import { signInWays } from './sign-in-ways.js';
import { answerBySaml, arrive } from './through-provider.js';
import type { Visitor } from './visitor.js';

const SIGNS_IN = 'somebody of a SAML provider';
const NEVER_COMES_BACK = 'somebody who never comes back from a SAML provider';

const USERNAME = 'uid';
const EMAIL = 'mail';
/** Attributes of which nothing is kept (A1), by the kind of word. */
const UNKEPT = {
  'display name': 'displayName',
  'given name': 'givenName',
  'telephone number': 'telephoneNumber',
  group: 'memberOf',
} as const;

const FOREVER = { presentThroughDay: Infinity, goneFromDay: Infinity };
const UNTIL_REMOVAL = { presentThroughDay: DELETION_DAY - 1, goneFromDay: GONE_AFTER_DELETION };

/**
 * Somebody who signs in through an organisation's SAML provider, with a word in all that it says of them, and somebody whom it answers for and who never
 * fetches the result. Then the organisation removes the provider, and with it what was known of people there; the account stays. Nobody, where
 * the profile does not have that.
 */
export async function plantSaml(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedSignOns> {
  const { methods } = await signInWays(instance);
  if (!methods.includes('saml')) return { words: [], deeds: [] };
  const people = new SamlPeople(instance, book, organisation);
  const takeDown = await people.makeProvider();
  await people.enter();
  await people.leave();
  return { words: people.words, deeds: [{ day: DELETION_DAY, run: takeDown }] };
}

class SamlPeople {
  readonly words: PlantedWord[] = [];
  private readonly admin: OperatorApi;
  private readonly at: string;
  private readonly domain: string;
  /** Of the provider, for people. */
  private path = '';

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
    private readonly organisation: PlantedOrganisation,
  ) {
    this.admin = new OperatorApi(instance.lethe.url, instance.operatorToken);
    this.at = `/api/v1/organisations/${organisation.id}`;
    this.domain = `${book.word('domain of a SAML provider')}.example.com`;
  }

  /** Answers what removes it. */
  async makeProvider(): Promise<() => Promise<void>> {
    const { saml } = this.instance.world;
    await proveDomain(this.instance, this.organisation.id, this.domain);
    const { id } = await this.admin.ask<{ id: string }>('POST', `${this.at}/saml-providers`, {
      name: this.book.word('name of a SAML provider'),
      entityId: saml.entityId,
      signOnUrl: saml.signOnUrl,
      certificates: [saml.certificate],
      settings: { usernameAttribute: USERNAME },
    });
    this.path = `/sign-in/saml/${id}`;
    this.shown('domain', '/domains', FOREVER);
    this.shown('name', '/identity-providers', UNTIL_REMOVAL);
    return () => this.admin.ask('DELETE', `${this.at}/identity-providers/${id}`);
  }

  async enter(): Promise<void> {
    const browser = this.browser(SIGNS_IN);
    this.instance.world.saml.signsIn = this.person(SIGNS_IN);
    const finish = await answerBySaml(browser, { path: this.path });
    this.handedOut(`code of ${SIGNS_IN}`, new URLSearchParams(finish.split('?')[1]).get('code') ?? '');
    await arrive(browser, finish);
    for (const [index, value] of browser.secrets().entries()) this.handedOut(`cookie ${index + 1} of ${SIGNS_IN}`, value);
    const identities = async (): Promise<string> => (await browser.send('GET', '/account/identities')).text;
    for (const kind of ['subject', 'username']) this.known(kind, identities);
    const email = `${this.book.word(`e-mail address of ${SIGNS_IN}`)}@${this.domain}`;
    const { id } = await this.admin.ask<{ id: string }>('POST', '/admin/v1/accounts/search', { email });
    const account = (): Promise<string> => this.admin.text(`/admin/v1/accounts/${id}`);
    this.known('e-mail address', account, FOREVER);
  }

  /** What the provider has said waits for a browser that does not come. */
  async leave(): Promise<void> {
    this.instance.world.saml.signsIn = this.person(NEVER_COMES_BACK);
    const place = `return path of ${NEVER_COMES_BACK}`;
    await answerBySaml(this.browser(NEVER_COMES_BACK), { path: this.path, returnPath: `/${this.book.word(place)}` });
    for (const kind of ['subject', 'username', 'e-mail address', 'return path']) {
      const never = neverKept(`${kind} of ${NEVER_COMES_BACK}`, `${kind} in a SAML answer`, 'operational');
      this.words.push({ ...never, mayBeIn: ['database'], goneFromDay: GONE_AFTER_DELETION });
    }
  }

  private person(who: string): SamlPerson {
    const word = (kind: string): string => this.book.word(`${kind} of ${who}`);
    const never = (kind: string): string => {
      this.words.push(neverKept(`${kind} of ${who}`, `${kind} at a SAML provider`, 'account_profile'));
      return word(kind);
    };
    const unkept = Object.entries(UNKEPT).map(([kind, attribute]) => [attribute, never(kind)]);
    return {
      nameId: word('subject'),
      attributes: { ...Object.fromEntries(unkept), [USERNAME]: word('username'), [EMAIL]: `${word('e-mail address')}@${this.domain}` },
      sessionIndex: never('session index'),
    };
  }

  /** What is known of whoever has signed in: until the provider is removed, unless told. */
  private known(kind: string, shown: () => Promise<string>, life = UNTIL_REMOVAL): void {
    const place = `${kind} of ${SIGNS_IN}`;
    const isPresent = async (): Promise<boolean> => (await shown()).includes(this.book.word(place));
    const mayBeIn = ['database', 'mail'] as const;
    this.words.push({ place, kind: `${kind} at a SAML provider`, dataClass: 'account_profile', mayBeIn, ...life, isPresent });
  }

  /** What the organisation writes of the provider, and where it reads that. */
  private shown(kind: string, at: string, life: typeof FOREVER): void {
    const place = `${kind} of a SAML provider`;
    const isPresent = async (): Promise<boolean> => (await this.admin.text(this.at + at)).includes(this.book.word(place));
    this.words.push({ place, kind: 'SAML provider', dataClass: 'configuration', mayBeIn: ['database', 'mail'], ...life, isPresent });
  }

  private browser(who: string): Visitor {
    const { browser, words } = plantedBrowser(this.instance, this.book, who);
    this.words.push(...words);
    return browser;
  }

  private handedOut(place: string, value: string): void {
    this.book.secret(place, value);
    this.words.push(neverKept(place, 'secret of a sign-on', 'secret'));
  }
}
