import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { OperatorApi } from './operator-api.js';
import { neverKept, type PlantedWord } from './planted-word.js';

/** An organisation of one plan, from which calls can be made. */
export interface PlantedOrganisation {
  readonly id: string;
  /** Stands in the names of its words. */
  readonly label: string;
  /** Its content key is destroyed on {@link DELETION_DAY}, and with it all its content (C4). */
  readonly losesKey: boolean;
  /** A legal hold covers what is known of its calls, until it is released (D5). */
  readonly isHeld: boolean;
  /** Its windows become shorter on {@link DELETION_DAY}, for what is stored already too (D2). */
  readonly isShortened: boolean;
  readonly projectId: string;
  readonly keyId: string;
  /** The secret of its API key. */
  readonly key: string;
  /** What its directory signs in with (SCIM). */
  readonly directorySecret: string;
  readonly words: readonly PlantedWord[];
  /** Deletes what an organisation can delete of its set-up. */
  readonly takeDown: () => Promise<void>;
}

/** On the day after the beginning things are deleted; what of them was to go at once has gone with the next round, a day later at most (D2). */
export const DELETION_DAY = 1;
export const GONE_AFTER_DELETION = DELETION_DAY + 1;

type Outside = 'provider' | 'mail' | 'webhooks';

interface Made {
  readonly id: string;
  readonly secret: string;
}

/** What sets an organisation apart from others of its plan. */
export interface OrganisationFate {
  readonly plan: string;
  readonly losesKey?: boolean;
  readonly isHeld?: boolean;
  readonly isShortened?: boolean;
}

/** An organisation with a word in every field it can write of its set-up, and every secret it is given. Part of it is deleted on {@link DELETION_DAY}. */
export async function plantOrganisation(
  instance: CanaryInstance,
  book: CanaryBook,
  { plan, losesKey = false, isHeld = false, isShortened = false }: OrganisationFate,
): Promise<PlantedOrganisation> {
  const label = [plan, losesKey && 'key destroyed', isHeld && 'held', isShortened && 'shortened'].filter(Boolean).join(', ');
  const api = new OperatorApi(instance.lethe.url, instance.operatorToken);
  const names = { slug: book.word(`organisation slug (${label})`), name: book.word(`organisation name (${label})`) };
  const { id } = await api.ask<Made>('POST', '/api/v1/organisations', names);
  if (plan !== instance.profile.plans[0]) await api.ask('PUT', `/admin/v1/organisations/${id}/plan`, { plan });
  const setUp = new SetUp(book, api, { id, label });
  const made = await setUp.plantWhatStays();
  await setUp.plantWhatIsDeleted(`${instance.world.url}/hook/`);
  const takeDown = () => setUp.takeDown(losesKey ? ['/content-keys'] : []);
  return { id, label, losesKey, isHeld, isShortened, ...made, words: setUp.words, takeDown };
}

/** What an organisation writes of its set-up, through the API. */
class SetUp {
  readonly words: PlantedWord[] = [];
  private readonly at: string;
  /** To be deleted, below the organisation. */
  private readonly doomed: string[] = [];

  constructor(
    private readonly book: CanaryBook,
    private readonly api: OperatorApi,
    private readonly organisation: { readonly id: string; readonly label: string },
  ) {
    this.at = `/api/v1/organisations/${organisation.id}`;
  }

  async plantWhatStays(): Promise<Pick<PlantedOrganisation, 'projectId' | 'keyId' | 'key' | 'directorySecret'>> {
    this.stays('organisation slug', '', ['mail']);
    this.stays('organisation name', '', ['mail', 'webhooks']);
    const project = await this.make('/projects', { name: this.stays('project name', '/projects') });
    const credential = await this.make('/credentials', {
      name: this.stays('credential name', '/credentials'),
      provider: 'stand_in',
      secret: this.handedIn('provider key', ['provider']),
    });
    await this.make('/routes', { model: '*', targets: [{ credentialId: credential.id }] });
    const directory = await this.make('/scim-tokens', { name: this.stays('directory token', '/scim-tokens') });
    this.handedOut('directory secret', directory.secret);
    const key = await this.make('/keys', {
      name: this.stays('key name', '/keys', ['mail', 'webhooks']),
      projectId: project.id,
      scopes: ['inference:invoke', 'usage:read'],
    });
    this.handedOut('API key', key.secret);
    return { projectId: project.id, keyId: key.id, key: key.secret, directorySecret: directory.secret };
  }

  /** `hook`: where webhooks may be sent to. */
  async plantWhatIsDeleted(hook: string): Promise<void> {
    await this.makeDoomed('/credentials', {
      name: this.isDeleted('deleted credential', '/credentials'),
      provider: 'stand_in',
      secret: this.handedIn('deleted provider key', ['provider']),
    });
    const webhook = await this.makeDoomed('/webhooks', {
      url: hook + this.isDeleted('deleted webhook address', '/webhooks', ['webhooks']),
    });
    this.handedOut('webhook secret', webhook.secret.replace(/^whsec_/, ''));
    await this.make(`/webhooks/${webhook.id}/test`, {});
    const email = `${this.isDeleted('invited address', '/invitations', ['mail'])}@example.com`;
    await this.makeDoomed('/invitations', { email, role: 'viewer' });
    await this.makeDoomed('/domains', { domain: `${this.isDeleted('deleted domain', '/domains')}.example.com` });
    await this.makeDoomed('/identity-providers', {
      name: this.isDeleted('deleted identity provider', '/identity-providers'),
      kind: 'oidc',
      issuer: 'https://id.example.com',
      clientId: this.isDeleted('client id', '/identity-providers'),
      clientSecret: this.handedIn('client secret'),
    });
  }

  async takeDown(more: readonly string[]): Promise<void> {
    for (const path of [...this.doomed, ...more]) await this.api.ask('DELETE', this.at + path);
  }

  private stays(kind: string, shownAt: string, goesTo: readonly Outside[] = []): string {
    return this.configured(kind, shownAt, { goesTo, presentThroughDay: Infinity, goneFromDay: Infinity });
  }

  private isDeleted(kind: string, shownAt: string, goesTo: readonly Outside[] = []): string {
    return this.configured(kind, shownAt, { goesTo, presentThroughDay: DELETION_DAY - 1, goneFromDay: GONE_AFTER_DELETION });
  }

  private configured(
    kind: string,
    shownAt: string,
    { goesTo, ...life }: Pick<PlantedWord, 'presentThroughDay' | 'goneFromDay'> & { readonly goesTo: readonly Outside[] },
  ): string {
    const word = this.book.word(this.place(kind));
    const isPresent = async (): Promise<boolean> => (await this.api.text(this.at + shownAt)).includes(word);
    this.words.push({ place: this.place(kind), kind, dataClass: 'configuration', mayBeIn: ['database', ...goesTo], ...life, isPresent });
    return word;
  }

  /** A secret of somebody else's, which Lethe seals. */
  private handedIn(kind: string, goesTo: readonly 'provider'[] = []): string {
    this.words.push(neverKept(this.place(kind), kind, 'secret', goesTo));
    return this.book.word(this.place(kind));
  }

  /** A secret that Lethe has made. */
  private handedOut(kind: string, value: string): void {
    this.words.push(neverKept(this.place(kind), kind, 'secret'));
    this.book.secret(this.place(kind), value);
  }

  private place(kind: string): string {
    return `${kind} (${this.organisation.label})`;
  }

  private make(path: string, body: object): Promise<Made> {
    return this.api.ask<Made>('POST', this.at + path, body);
  }

  private async makeDoomed(path: string, body: object): Promise<Made> {
    const made = await this.make(path, body);
    this.doomed.push(`${path}/${made.id}`);
    return made;
  }
}
