import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { WebauthnChallengesRepository } from '../data/second-factor/webauthn-challenges.repository.js';

/** Removes challenges nobody answered in time. They were worthless already; this keeps the table small. */
@Injectable()
export class SweepWebauthnChallengesJob extends RecurringJob {
  override readonly name = 'accounts.sweep-webauthn-challenges';
  override readonly everySeconds = 300;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly challenges: WebauthnChallengesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override run(): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.challenges.sweep(tx, this.clock.now()));
  }
}
