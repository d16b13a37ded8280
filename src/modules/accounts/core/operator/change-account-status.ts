import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { Accounts, type AccountSummary } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';

/** Blocks or releases an account by hand, and tells its owner. */
@Injectable()
export class ChangeAccountStatus {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: Accounts,
    private readonly mailer: Mailer,
  ) {}

  /** Raises `accounts/account_not_found`. */
  run(id: AccountId, status: 'active' | 'blocked', actor: AuditActor): Promise<AccountSummary> {
    return this.unitOfWork.asSystem(async (tx) => {
      const before = await this.accounts.find(tx, id);
      if (before === null) throw accountsErrors.account_not_found();
      if (before.status === status) return before;
      await this.accounts.changeStatus(tx, id, status, actor);
      if (before.email !== null && before.emailVerified) {
        const to = { accountId: id, email: before.email, locale: before.locale };
        if (status === 'blocked') await this.mailer.send(tx, 'account_blocked', to, { reason: 'operator' });
        else await this.mailer.send(tx, 'account_released', to, {});
      }
      return { ...before, status };
    });
  }
}
