import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { PasswordRecoveryCodesRepository } from '../data/password-recovery-codes.repository.js';

/** Removes recovery codes that have ended since their owner has an address; they were refused already. */
@Injectable()
export class SweepRecoveryCodesJob extends RecurringJob {
  override readonly name = 'accounts.sweep-recovery-codes';
  override readonly everySeconds = 3_600;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly codes: PasswordRecoveryCodesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override run(): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.codes.sweep(tx, this.clock.now()));
  }
}
