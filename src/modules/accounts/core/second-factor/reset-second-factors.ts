import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Accounts } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FactorEvents } from './factor-events.js';
import { FactorRecords } from './factor-records.js';

/**
 * For a person who has lost every factor and every code, once an operator is sure of who is asking: takes all of them away and ends the account's
 * sessions. The owner is told; where an organisation demands a factor they set a new one up at their next sign-in.
 */
@Injectable()
export class ResetSecondFactors {
  constructor(
    private readonly desk: AccountDesk,
    private readonly accounts: Accounts,
    private readonly records: FactorRecords,
    private readonly events: FactorEvents,
  ) {}

  /** Raises `accounts/account_not_found`. */
  run(accountId: AccountId, actor: AuditActor): Promise<void> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      if ((await this.desk.accounts.lock(tx, accountId)) === null) throw accountsErrors.account_not_found();
      await this.records.apps.remove(tx, accountId);
      await this.records.credentials.removeAll(tx, accountId);
      await this.records.codes.removeAll(tx, accountId);
      await this.records.attempts.forget(tx, accountId);
      await this.events.record(tx, accountId, 'reset', { by: actor });
      await this.accounts.endSessions(tx, accountId, actor);
    });
  }
}
