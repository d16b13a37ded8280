import { Injectable } from '@nestjs/common';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { SecondFactors } from '../second-factors.js';
import { FactorChanges } from './factor-changes.js';
import { RecoveryCodes } from './recovery-codes.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** Ten new recovery codes in place of whatever was left. */
@Injectable()
export class ReplaceRecoveryCodes {
  constructor(
    private readonly changes: FactorChanges,
    private readonly factors: SecondFactors,
    private readonly codes: RecoveryCodes,
  ) {}

  /** Raises what {@link FactorChanges} does, and `second_factors/none_enrolled`: codes stand in for a factor, they are none. */
  async run(session: SecondFactorSession): Promise<readonly string[]> {
    let codes: readonly string[] = [];
    await this.changes.run(session, 'recovery_codes_replaced', async (tx) => {
      if (!(await this.factors.hasAny(tx, session.accountId))) throw secondFactorErrors.none_enrolled();
      codes = await this.codes.replace(tx, session.accountId);
      return undefined;
    });
    return codes;
  }
}
