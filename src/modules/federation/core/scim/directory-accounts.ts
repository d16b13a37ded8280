import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Accounts, type AccountSummary } from '../../../accounts/accounts.contract.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { DirectoryAddresses } from './directory-addresses.js';
import { type Directory, directoryActor } from './directory.js';
import type { UserDraft } from './user-draft.js';

/** Directories send no language that could be relied on; people change theirs when they sign in. */
const LOCALE = 'en';

/** Finds or makes the account of somebody a directory tells of. */
@Injectable()
export class DirectoryAccounts {
  constructor(
    private readonly accounts: Accounts,
    private readonly users: ScimUsersRepository,
    private readonly addresses: DirectoryAddresses,
    private readonly settings: Settings,
  ) {}

  /**
   * Whoever has proven the address already, or somebody new: the organisation owns the domain, so it may say whose address that is. Raises
   * `scim/address_not_captured`, `scim/sign_up_off`, `accounts/email_taken` and `lethe/invalid_request`. The transaction must be a system one.
   */
  async require(tx: Tx, directory: Directory, draft: UserDraft): Promise<AccountSummary> {
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
