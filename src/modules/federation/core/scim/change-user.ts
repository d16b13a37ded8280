import { Injectable } from '@nestjs/common';
import type { ScimUserId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { addressOf, DirectoryAddresses } from './directory-addresses.js';
import { DirectoryBook, type DirectoryEvent } from './directory-book.js';
import { type Directory, directoryActor } from './directory.js';
import type { UserDraft } from './user-draft.js';
import { UserReach } from './user-reach.js';

const FIELDS = ['userName', 'externalId', 'formattedName', 'givenName', 'familyName', 'email', 'active'] as const;

/** Changes what a directory says of somebody, and removes them. Either all of a change happens or nothing. */
@Injectable()
export class ChangeUser {
  constructor(
    private readonly book: DirectoryBook,
    private readonly users: ScimUsersRepository,
    private readonly addresses: DirectoryAddresses,
    private readonly reach: UserReach,
  ) {}

  /**
   * `change` makes the new user of the old one and may raise. A change to what already is writes nothing. Raises `scim/resource_not_found`,
   * `scim/uniqueness`, `scim/address_not_captured` and `tenants/last_owner`.
   */
  run(directory: Directory, id: ScimUserId, change: (user: UserDraft) => UserDraft): Promise<ScimUserRow> {
    const { organisationId } = directory;
    return this.book.change(organisationId, async (tx) => {
      const before = await this.require(tx, directory, id);
      const draft = change(draftOf(before));
      const changed = FIELDS.filter((field) => draft[field] !== before[field]);
      if (changed.length === 0) return before;
      if (addressOf(draft).toLowerCase() !== addressOf(before).toLowerCase())
        await this.addresses.requireCaptured(tx, organisationId, draft);
      const after = { ...before, ...draft, updatedAt: this.book.now() };
      await this.users.update(tx, draftWithId(after));
      if (changed.includes('active')) await this.reach.settle(tx, after, directoryActor(directory));
      await this.record(tx, directory, after, { action: 'scim_user.updated', detail: { changed, active: after.active } });
      return after;
    });
  }

  /** Raises `scim/resource_not_found` and `tenants/last_owner`. */
  remove(directory: Directory, id: ScimUserId): Promise<void> {
    return this.book.change(directory.organisationId, async (tx) => {
      const user = await this.require(tx, directory, id);
      await this.reach.end(tx, user, directoryActor(directory));
      await this.users.delete(tx, directory.organisationId, id);
      await this.record(tx, directory, user, { action: 'scim_user.deleted' });
    });
  }

  private async require(tx: Tx, { organisationId }: Directory, id: ScimUserId): Promise<ScimUserRow> {
    const user = await this.users.find(tx, organisationId, id);
    if (user === null) throw scimErrors.resource_not_found();
    return user;
  }

  private async record(
    tx: Tx,
    directory: Directory,
    { id, organisationId, accountId }: ScimUserRow,
    what: Pick<DirectoryEvent, 'action' | 'detail'>,
  ): Promise<void> {
    const event = { action: what.action, target: { type: 'scim_user', id }, detail: { accountId, ...what.detail } };
    await this.book.record(tx, organisationId, directoryActor(directory), event);
  }
}

function draftOf({ userName, externalId, formattedName, givenName, familyName, email, active }: ScimUserRow): UserDraft {
  return { userName, externalId, formattedName, givenName, familyName, email, active };
}

function draftWithId(user: ScimUserRow): Omit<ScimUserRow, 'accountId' | 'createdAt'> {
  return { ...draftOf(user), id: user.id, organisationId: user.organisationId, updatedAt: user.updatedAt };
}
