import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';

/** Removes sign-ins that never came back from their provider. */
@Injectable()
export class SweepAttemptsJob extends SweptTables {
  constructor(
    private readonly attempts: FederationAttemptsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    await removing(async (tx) => ({ federation_attempt: await this.attempts.sweep(tx, this.clock.now()) }));
  }
}
