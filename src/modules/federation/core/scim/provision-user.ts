import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { newId, type ScimUserId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Accounts, type AccountSummary } from '../../../accounts/accounts.contract.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { DirectoryAddresses } from './directory-addresses.js';
import { type Directory, directoryActor } from './directory.js';
import type { UserDraft } from './user-draft.js';
import { UserReach } from './user-reach.js';

/** Directories send no language that could be relied on; people change theirs when they sign in. */
const LOCALE = 'en';

/** Takes in somebody from a directory: user, account and membership are there together or not at all. */
@Injectable()
export class ProvisionUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: ScimUsersRepository,
    private readonly accounts: Accounts,
    private readonly addresses: DirectoryAddresses,
    private readonly reach: UserReach,
    private readonly audit: AuditLog,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `scim/address_not_captured`, `scim/uniqueness`, `scim/sign_up_off`, `accounts/email_taken` and `lethe/invalid_request`. */
  run(directory: Directory, draft: UserDraft): Promise<ScimUserRow> {
    const { organisationId } = directory;
    return this.unitOfWork.asSystem(async (tx) => {
      await this.users.lockDirectory(tx, organisationId);
      const account = await this.accountFor(tx, directory, draft);
      if ((await this.users.findByAccount(tx, organisationId, account.id)) !== null) throw scimErrors.uniqueness();
      const now = this.clock.now();
      const user = { ...draft, id: newId<ScimUserId>(), organisationId, accountId: account.id, createdAt: now, updatedAt: now };
      await this.users.insert(tx, user);
      await this.reach.settle(tx, user, directoryActor(directory));
      await this.audit.record(tx, {
        actor: directoryActor(directory),
        action: 'scim_user.created',
        organisationId,
        target: { type: 'scim_user', id: user.id },
        detail: { accountId: account.id, active: user.active },
      });
      return user;
    });
  }

  /** Whoever has proven the address already, or somebody new: the organisation owns the domain, so it may say whose address that is. */
  private async accountFor(tx: Tx, directory: Directory, draft: UserDraft): Promise<AccountSummary> {
    const address = await this.addresses.requireCaptured(tx, directory.organisationId, draft);
    const existing = await this.accounts.findByVerifiedEmail(tx, address);
    if (existing !== null) return existing;
    if (this.settings.signUp === 'closed') throw scimErrors.sign_up_off();
    const account = await this.accounts.create(
      tx,
      { email: address, emailVerified: true, username: null, displayName: displayName(draft), locale: LOCALE, attestedAge: null },
      directoryActor(directory),
    );
    await this.users.insertMade(tx, directory.organisationId, account.id);
    return account;
  }
}

function displayName({ formattedName, givenName, familyName }: UserDraft): string | null {
  const parts = [givenName, familyName].filter((part) => part !== null).join(' ');
  return formattedName ?? (parts === '' ? null : parts);
}
