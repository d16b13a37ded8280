import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { membersErrors } from '../../members.errors.js';

/** Whether an account is the one that a link was sent to. */
@Injectable()
export class InvitedPerson {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `members/invitation_for_another` unless the account has this address. One that its owner has not proven yet is proven by the link, which
   * went to it and nowhere else; `accounts/email_taken` when another account was first.
   */
  async require(tx: Tx, id: AccountId, emailNormal: string): Promise<void> {
    const account = await this.accounts.lock(tx, id);
    if (account === null) throw accountsErrors.account_not_found();
    if (account.emailNormal !== emailNormal) throw membersErrors.invitation_for_another();
    if (account.emailVerifiedAt !== null) return;
    const now = this.clock.now();
    await this.accounts.update(tx, id, { emailVerifiedAt: now, updatedAt: now });
    await this.audit.record(tx, {
      actor: { kind: 'account', id },
      action: 'account.email_proven',
      organisationId: null,
      target: { type: 'account', id },
      detail: { by: 'invitation' },
    });
  }
}
