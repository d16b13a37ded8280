import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { SecondFactors } from '../second-factors.js';
import { FactorEvents } from './factor-events.js';
import { FactorPermit } from './factor-permit.js';
import { RecoveryCodes } from './recovery-codes.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** Ten new recovery codes in place of whatever was left. */
@Injectable()
export class ReplaceRecoveryCodes {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly factors: SecondFactors,
    private readonly permit: FactorPermit,
    private readonly codes: RecoveryCodes,
    private readonly events: FactorEvents,
  ) {}

  /** Raises what {@link FactorPermit} does, and `second_factors/none_enrolled`: codes stand in for a factor, they are none. */
  run({ accountId, sessionId }: SecondFactorSession): Promise<readonly string[]> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      if (!(await this.factors.hasAny(tx, accountId))) throw secondFactorErrors.none_enrolled();
      await this.permit.toChange(tx, sessionId);
      await this.events.record(tx, accountId, 'recovery_codes_replaced');
      return this.codes.replace(tx, accountId);
    });
  }
}
