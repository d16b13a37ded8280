import { Injectable } from '@nestjs/common';
import { newId, type ScimUserId } from '../../../../kernel/ids.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { DirectoryAccounts } from './directory-accounts.js';
import { DirectoryBook } from './directory-book.js';
import { type Directory, directoryActor } from './directory.js';
import type { UserDraft } from './user-draft.js';
import { UserReach } from './user-reach.js';

/** Takes in somebody from a directory: user, account and membership are there together or not at all. */
@Injectable()
export class ProvisionUser {
  constructor(
    private readonly book: DirectoryBook,
    private readonly users: ScimUsersRepository,
    private readonly accounts: DirectoryAccounts,
    private readonly reach: UserReach,
  ) {}

  /** Raises `scim/uniqueness`, and what {@link DirectoryAccounts} raises. */
  run(directory: Directory, draft: UserDraft): Promise<ScimUserRow> {
    const { organisationId } = directory;
    const actor = directoryActor(directory);
    return this.book.change(organisationId, async (tx) => {
      const { id: accountId } = await this.accounts.require(tx, directory, draft);
      if ((await this.users.findByAccount(tx, organisationId, accountId)) !== null) throw scimErrors.uniqueness();
      const now = this.book.now();
      const user = { ...draft, id: newId<ScimUserId>(), organisationId, accountId, createdAt: now, updatedAt: now };
      await this.users.insert(tx, user);
      await this.reach.settle(tx, user, actor);
      const target = { type: 'scim_user', id: user.id };
      const detail = { accountId, active: user.active };
      await this.book.record(tx, organisationId, actor, { action: 'scim_user.created', target, detail });
      return user;
    });
  }
}
