import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SamlAnswersRepository } from '../data/saml-answers.repository.js';

/** Removes answers nobody came for, and assertions that could not be used again anyway. */
@Injectable()
export class SweepSamlJob extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly answers: SamlAnswersRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override sweep(): Promise<Readonly<Record<string, number>>> {
    const now = this.clock.now();
    return this.unitOfWork.asSystem(async (tx) => ({
      saml_answer: await this.answers.sweep(tx, now),
      saml_assertion: await this.answers.sweepAssertions(tx, now),
    }));
  }
}
