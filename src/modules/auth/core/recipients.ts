import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../platform/http/permissions.js';
import { Accounts } from '../../accounts/accounts.contract.js';
import type { Recipient } from '../../notifications/notifications.contract.js';
import { type Membership, Memberships } from '../../tenants/tenants.contract.js';

const PAGE = 200;

/** Whom in an organisation to write to. */
@Injectable()
export class Recipients {
  constructor(
    private readonly memberships: Memberships,
    private readonly accounts: Accounts,
  ) {}

  /** Members with one of `roles` whose address is known to be theirs. The transaction must be a system one. */
  async withRoles(tx: Tx, organisationId: OrganisationId, roles: readonly OrganisationRole[]): Promise<Recipient[]> {
    const recipients: Recipient[] = [];
    for (const { accountId } of await this.members(tx, organisationId, roles)) {
      const account = await this.accounts.find(tx, accountId);
      if (account?.email == null || !account.emailVerified) continue;
      recipients.push({ accountId: account.id, email: account.email, locale: account.locale });
    }
    return recipients;
  }

  private async members(tx: Tx, organisationId: OrganisationId, roles: readonly OrganisationRole[]): Promise<Membership[]> {
    const found: Membership[] = [];
    for (let after: Membership['accountId'] | undefined; ; ) {
      const page = await this.memberships.list(tx, organisationId, after, PAGE);
      found.push(...page.filter(({ role }) => roles.includes(role)));
      if (page.length < PAGE) return found;
      after = page.at(-1)?.accountId;
    }
  }
}
