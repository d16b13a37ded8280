import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Accounts } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { TotpAttemptsRepository } from '../../data/second-factor/totp-attempts.repository.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { FactorEvents } from './factor-events.js';

/**
 * For a person who has lost every factor and every code, once an operator is sure of who is asking: takes all of them away and ends the account's
 * sessions. The owner is told; where an organisation demands a factor they set a new one up at their next sign-in.
 */
@Injectable()
export class ResetSecondFactors {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly sessions: Accounts,
    private readonly apps: TotpFactorsRepository,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly codes: RecoveryCodesRepository,
    private readonly attempts: TotpAttemptsRepository,
    private readonly events: FactorEvents,
  ) {}

  /** Raises `accounts/account_not_found`. */
  run(accountId: AccountId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      if ((await this.accounts.lock(tx, accountId)) === null) throw accountsErrors.account_not_found();
      await this.apps.remove(tx, accountId);
      await this.credentials.removeAll(tx, accountId);
      await this.codes.removeAll(tx, accountId);
      await this.attempts.forget(tx, accountId);
      await this.events.record(tx, accountId, 'reset', { by: actor });
      await this.sessions.endSessions(tx, accountId, actor);
    });
  }
}
