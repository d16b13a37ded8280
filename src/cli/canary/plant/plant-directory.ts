import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { Deed } from './deed.js';
import { OperatorApi } from './operator-api.js';
import { DELETION_DAY, GONE_AFTER_DELETION, type PlantedOrganisation } from './plant-organisation.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { proveDomain } from './prove-domain.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const WHO = 'somebody of a directory';

export interface PlantedDirectory {
  readonly words: readonly PlantedWord[];
  readonly deeds: readonly Deed[];
}

/**
 * A user and a group that an organisation's directory tells of over SCIM, with a word in every attribute: in those that are kept, and in those of
 * which nothing is. The directory deletes both again; the account it made stays.
 */
export async function plantDirectory(
  instance: CanaryInstance,
  book: CanaryBook,
  organisation: PlantedOrganisation,
): Promise<PlantedDirectory> {
  const directory = new Directory(instance, book, organisation);
  await proveDomain(instance, organisation.id, directory.domain);
  const user = await directory.createUser();
  const group = await directory.createGroup(user);
  return { words: await directory.words(), deeds: [{ day: DELETION_DAY, run: () => directory.remove(user, group) }] };
}

class Directory {
  private readonly scim: OperatorApi;
  private readonly admin: OperatorApi;
  readonly domain: string;

  constructor(
    instance: CanaryInstance,
    private readonly book: CanaryBook,
    private readonly organisation: PlantedOrganisation,
  ) {
    this.scim = new OperatorApi(instance.lethe.url, organisation.directorySecret);
    this.admin = new OperatorApi(instance.lethe.url, instance.operatorToken);
    this.domain = `${book.word('domain of a directory')}.example.com`;
  }

  async createUser(): Promise<string> {
    const { book } = this;
    const { id } = await this.scim.ask<{ id: string }>('POST', '/scim/v2/Users', {
      schemas: [USER],
      userName: `${book.word(`user name of ${WHO}`)}@${this.domain}`,
      externalId: book.word(`external id of ${WHO}`),
      name: {
        formatted: book.word(`name of ${WHO}`),
        givenName: book.word(`given name of ${WHO}`),
        familyName: book.word(`family name of ${WHO}`),
        middleName: book.word(`middle name of ${WHO}`),
      },
      emails: [
        { value: `${book.word(`e-mail address of ${WHO}`)}@${this.domain}`, primary: true },
        { value: `${book.word(`second e-mail address of ${WHO}`)}@${this.domain}` },
      ],
      title: book.word(`title of ${WHO}`),
      nickName: book.word(`nickname of ${WHO}`),
      phoneNumbers: [{ value: book.word(`telephone number of ${WHO}`) }],
      addresses: [{ streetAddress: book.word(`street of ${WHO}`) }],
      active: true,
    });
    return id;
  }

  async createGroup(user: string): Promise<string> {
    const body = { schemas: [GROUP], displayName: this.book.word('group of a directory'), members: [{ value: user }] };
    return (await this.scim.ask<{ id: string }>('POST', '/scim/v2/Groups', body)).id;
  }

  async remove(user: string, group: string): Promise<void> {
    await this.scim.ask('DELETE', `/scim/v2/Groups/${group}`);
    await this.scim.ask('DELETE', `/scim/v2/Users/${user}`);
  }

  async words(): Promise<PlantedWord[]> {
    const email = `${this.book.word(`e-mail address of ${WHO}`)}@${this.domain}`;
    const { id } = await this.admin.ask<{ id: string }>('POST', '/admin/v1/accounts/search', { email });
    const account = (kind: string): PlantedWord => this.shown(kind, WHO, { by: this.admin, at: `/admin/v1/accounts/${id}` });
    const directory = (kind: string): PlantedWord => ({
      ...this.shown(kind, WHO, { by: this.scim, at: '/scim/v2/Users' }),
      presentThroughDay: DELETION_DAY - 1,
      goneFromDay: GONE_AFTER_DELETION,
    });
    const group = this.shown('group', 'a directory', { by: this.scim, at: '/scim/v2/Groups' });
    const domain = this.shown('domain', 'a directory', { by: this.admin, at: `${this.at}/domains` });
    const unkept = ['middle name', 'second e-mail address', 'title', 'nickname', 'telephone number', 'street'];
    return [
      { ...domain, dataClass: 'configuration' },
      { ...group, dataClass: 'configuration', presentThroughDay: DELETION_DAY - 1, goneFromDay: GONE_AFTER_DELETION },
      ...['user name', 'external id', 'given name', 'family name'].map(directory),
      ...['e-mail address', 'name'].map(account),
      ...unkept.map((kind) => neverKept(`${kind} of ${WHO}`, kind, 'account_profile')),
    ];
  }

  private shown(kind: string, whose: string, place: { readonly by: OperatorApi; readonly at: string }): PlantedWord {
    const name = `${kind} of ${whose}`;
    return {
      place: name,
      kind: `${kind} in a directory`,
      dataClass: 'account_profile',
      mayBeIn: ['database', 'mail'],
      presentThroughDay: Infinity,
      goneFromDay: Infinity,
      isPresent: async () => (await place.by.text(place.at)).includes(this.book.word(name)),
    };
  }

  private get at(): string {
    return `/api/v1/organisations/${this.organisation.id}`;
  }
}
