import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SessionRules } from '../core/sessions/session-rules.js';
import { SessionsRepository } from '../data/sessions.repository.js';

/** Removes sessions that nobody ended and that are past their limits; they were refused already. */
@Injectable()
export class SweepSessionsJob extends RecurringJob {
  override readonly name = 'sweep-sessions';
  override readonly everySeconds = 3_600;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.sessions.sweep(tx, this.clock.now(), this.rules.idleSince()));
  }
}
