import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { ReaderData } from '../../../notifications/notifications.contract.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountClosuresRepository } from '../../data/account-closures.repository.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { MailedLinks } from '../links/mailed-links.js';
import { EVERY_LINK_KIND } from '../links/link-kinds.js';

/**
 * The "minor found" procedure (A6): removes the account of a person who is too young, with everything that hangs on it, at once, and keeps a record
 * of the day and the reason in which nobody can be found. The audit log keeps the pseudonymous id, which then leads nowhere.
 */
@Injectable()
export class RemoveMinor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly closures: AccountClosuresRepository,
    private readonly memberships: Memberships,
    private readonly readers: ReaderData,
    private readonly links: MailedLinks,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `accounts/account_not_found`, and `accounts/account_still_needed` with the organisations that would be left without an owner. */
  run(id: AccountId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      if ((await this.accounts.lock(tx, id)) === null) throw accountsErrors.account_not_found();
      for (const { organisationId } of await this.memberships.ofAccount(tx, id)) {
        await this.leave(tx, { organisationId, accountId: id }, actor);
      }
      await this.readers.forget(tx, id);
      await this.links.cancel(tx, id, EVERY_LINK_KIND);
      await this.accounts.delete(tx, id);
      await this.closures.insert(tx, 'minor_found', utcDay(this.clock.nowMs()));
      await this.audit.record(tx, {
        actor,
        action: 'account.removed',
        organisationId: null,
        target: { type: 'account', id },
        detail: { reason: 'minor_found' },
      });
    });
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
