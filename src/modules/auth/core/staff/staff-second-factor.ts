import { Injectable } from '@nestjs/common';
import { SecondFactorRule } from '../../../../contracts/second-factor-rule.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

/** Staff have a second factor, always (A4): until they do, their sessions can do nothing but set one up. */
@Injectable()
export class StaffSecondFactor extends SecondFactorRule {
  constructor(private readonly operators: OperatorsRepository) {
    super();
  }

  override async demandsOf(tx: Tx, accountId: AccountId): Promise<boolean> {
    return (await this.operators.findActive(tx, accountId)) !== null;
  }
}
