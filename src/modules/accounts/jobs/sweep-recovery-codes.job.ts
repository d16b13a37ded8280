import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { PasswordRecoveryCodesRepository } from '../data/password-recovery-codes.repository.js';

/** Removes recovery codes that have ended since their owner has an address; they were refused already. */
@Injectable()
export class SweepRecoveryCodesJob extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly codes: PasswordRecoveryCodesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep(): Promise<Readonly<Record<string, number>>> {
    return { password_recovery_code: await this.unitOfWork.asSystem((tx) => this.codes.sweep(tx, this.clock.now())) };
  }
}
