import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';

/** Removes sign-ins that never came back from their provider. */
@Injectable()
export class SweepAttemptsJob extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: FederationAttemptsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep(): Promise<Readonly<Record<string, number>>> {
    return { federation_attempt: await this.unitOfWork.asSystem((tx) => this.attempts.sweep(tx, this.clock.now())) };
  }
}
