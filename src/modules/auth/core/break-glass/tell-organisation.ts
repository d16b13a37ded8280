import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Accounts } from '../../../accounts/accounts.contract.js';
import { Mailer, Notices } from '../../../notifications/notifications.contract.js';
import { Memberships, type OrganisationSummary } from '../../../tenants/tenants.contract.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';

const PAGE = 200;

/** Tells an organisation at once that its data stands open to staff: a notice, a webhook event, and a mail to each owner. */
@Injectable()
export class TellOrganisation {
  constructor(
    private readonly notices: Notices,
    private readonly mailer: Mailer,
    private readonly memberships: Memberships,
    private readonly accounts: Accounts,
  ) {}

  /** In the transaction that opens the grant: without it nobody is told, and without telling nothing is opened. */
  async run(tx: Tx, organisation: OrganisationSummary, { id, reason, endsAt }: BreakGlassGrantEntity): Promise<void> {
    const until = endsAt.toISOString();
    await this.notices.tellOrganisation(tx, organisation.id, 'break_glass_opened', { grantId: id, reason, until });
    for (const ownerId of await this.owners(tx, organisation)) {
      const owner = await this.accounts.find(tx, ownerId);
      if (owner?.email == null || !owner.emailVerified) continue;
      const recipient = { accountId: owner.id, email: owner.email, locale: owner.locale };
      await this.mailer.send(tx, 'break_glass_opened', recipient, { organisation: organisation.name, reason, until });
    }
  }

  private async owners(tx: Tx, { id }: OrganisationSummary): Promise<AccountId[]> {
    const owners: AccountId[] = [];
    for (let after: AccountId | undefined; ; ) {
      const page = await this.memberships.list(tx, id, after, PAGE);
      owners.push(...page.filter(({ role }) => role === 'owner').map(({ accountId }) => accountId));
      if (page.length < PAGE) return owners;
      after = page.at(-1)?.accountId;
    }
  }
}
