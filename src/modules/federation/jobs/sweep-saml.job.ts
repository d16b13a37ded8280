import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SamlAnswersRepository } from '../data/saml-answers.repository.js';

/** Removes answers nobody came for, and assertions that could not be used again anyway. */
@Injectable()
export class SweepSamlJob extends RecurringJob {
  override readonly name = 'federation.sweep-saml';
  override readonly everySeconds = 300;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly answers: SamlAnswersRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.answers.sweep(tx, this.clock.now()));
  }
}
