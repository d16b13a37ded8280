import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { FederationAttempt, type FederationAttemptRow } from './federation-attempt.entity.js';

/** Rows of `federation_attempt`. Every transaction must be a system one. */
@Injectable()
export class FederationAttemptsRepository {
  async insert(tx: Tx, attempt: FederationAttemptRow): Promise<void> {
    await tx.insert(FederationAttempt, attempt);
  }

  /** Takes an attempt away, so that of any number who present its state one gets it. Null when there is none, or it is over. */
  async take(tx: Tx, stateHash: Buffer, now: Date): Promise<FederationAttemptRow | null> {
    const attempt = await tx.findOne(FederationAttempt, { where: { stateHash }, lock: { mode: 'pessimistic_write' } });
    if (attempt === null) return null;
    await tx.delete(FederationAttempt, { id: attempt.id });
    return attempt.expiresAt.getTime() > now.getTime() ? attempt : null;
  }

  /** Removes what is over. Answers how many there were. */
  async sweep(tx: Tx, now: Date): Promise<number> {
    const { affected } = await tx.delete(FederationAttempt, { expiresAt: LessThanOrEqual(now) });
    return affected ?? 0;
  }
}
