import { Injectable } from '@nestjs/common';
import { ErasureLedger } from '../../../../contracts/erasure-ledger.js';
import { LegalHolds } from '../../../../contracts/legal-holds.js';
import { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { EVERY_LINK_KIND } from '../links/link-kinds.js';
import { MailedLinks } from '../links/mailed-links.js';
import { ACCOUNT_REMOVED } from './replay-removal.js';

/** What is kept of a person beside what the database removes with the account by itself. */
@Injectable()
export class PersonTraces {
  constructor(
    private readonly memberships: Memberships,
    private readonly links: MailedLinks,
    private readonly ledger: ErasureLedger,
    private readonly holds: LegalHolds,
  ) {}

  /**
   * Ends memberships, each with its audit row, empties links, and has the removal outlive a restore (D4). Raises `accounts/account_still_needed` for a
   * last owner, and `retention/held` while a legal hold names the account (D5).
   */
  async remove(tx: Tx, accountId: AccountId, actor: AuditActor): Promise<void> {
    await this.holds.assertFree(tx, { accountId });
    for (const { organisationId } of await this.memberships.ofAccount(tx, accountId)) {
      await this.leave(tx, { organisationId, accountId }, actor);
    }
    await this.links.cancel(tx, accountId, EVERY_LINK_KIND);
    await this.ledger.record(tx, { kind: ACCOUNT_REMOVED, subjectId: accountId });
  }

  private async leave(tx: Tx, member: Parameters<Memberships['remove']>[1], actor: AuditActor): Promise<void> {
    try {
      await this.memberships.remove(tx, member, actor);
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'tenants/last_owner') throw cause;
      throw accountsErrors.account_still_needed({ cause, details: { organisationId: member.organisationId } });
    }
  }
}
