import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { WebauthnChallengesRepository } from '../data/second-factor/webauthn-challenges.repository.js';

/** Removes challenges nobody answered in time. They were worthless already; this keeps the table small. */
@Injectable()
export class SweepWebauthnChallengesJob extends SweptTables {
  constructor(
    private readonly challenges: WebauthnChallengesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    await removing(async (tx) => ({ webauthn_challenge: await this.challenges.sweep(tx, this.clock.now()) }));
  }
}
