import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';

/** Removes sign-ins that never came back from their provider. */
@Injectable()
export class SweepAttemptsJob extends RecurringJob {
  override readonly name = 'federation.sweep-attempts';
  override readonly everySeconds = 300;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: FederationAttemptsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.attempts.sweep(tx, this.clock.now()));
  }
}
