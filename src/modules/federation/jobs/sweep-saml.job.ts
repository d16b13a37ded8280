import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { SamlAnswersRepository } from '../data/saml-answers.repository.js';

/** Removes answers nobody came for, and assertions that could not be used again anyway. */
@Injectable()
export class SweepSamlJob extends SweptTables {
  constructor(
    private readonly answers: SamlAnswersRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    const now = this.clock.now();
    await removing(async (tx) => ({
      saml_answer: await this.answers.sweep(tx, now),
      saml_assertion: await this.answers.sweepAssertions(tx, now),
    }));
  }
}
