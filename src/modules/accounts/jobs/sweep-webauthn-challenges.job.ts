import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { WebauthnChallengesRepository } from '../data/second-factor/webauthn-challenges.repository.js';

/** Removes challenges nobody answered in time. They were worthless already; this keeps the table small. */
@Injectable()
export class SweepWebauthnChallengesJob extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly challenges: WebauthnChallengesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep(): Promise<Readonly<Record<string, number>>> {
    return { webauthn_challenge: await this.unitOfWork.asSystem((tx) => this.challenges.sweep(tx, this.clock.now())) };
  }
}
