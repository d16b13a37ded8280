import { Injectable } from '@nestjs/common';
import { utcDay } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountClosuresRepository } from '../../data/account-closures.repository.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { PersonTraces } from './person-traces.js';

/**
 * The "minor found" procedure (A6): removes the account of a person who is too young, with everything that hangs on it, at once, and keeps a record
 * of the day and the reason in which nobody can be found. The audit log keeps the pseudonymous id, which then leads nowhere.
 */
@Injectable()
export class RemoveMinor {
  constructor(
    private readonly desk: AccountDesk,
    private readonly traces: PersonTraces,
    private readonly closures: AccountClosuresRepository,
    private readonly events: AccountEvents,
  ) {}

  /** Raises `accounts/account_not_found`, and `accounts/account_still_needed` with the organisation that would be left without an owner. */
  run(accountId: AccountId, actor: AuditActor): Promise<void> {
    const { unitOfWork, accounts, clock } = this.desk;
    return unitOfWork.asSystem(async (tx) => {
      if ((await accounts.lock(tx, accountId)) === null) throw accountsErrors.account_not_found();
      await this.traces.remove(tx, accountId, actor);
      await accounts.delete(tx, accountId);
      await this.closures.insert(tx, 'minor_found', utcDay(clock.nowMs()));
      await this.events.record(tx, { action: 'account.removed', accountId, actor, detail: { reason: 'minor_found' } });
    });
  }
}
