import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import {
  FREE_ATTEMPTS,
  type GuessableFactor,
  SecondFactorAttemptsRepository,
} from '../../data/second-factor/second-factor-attempts.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorEvents } from './factor-events.js';

/** Keeps guessing slow, per account and kind of code, over all replicas (A7). Security keys cannot be guessed and stay usable meanwhile. */
@Injectable()
export class GuessGuard {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: SecondFactorAttemptsRepository,
    private readonly events: FactorEvents,
    private readonly clock: Clock,
  ) {}

  /** Raises `second_factors/too_many_attempts` without counting anything: a look before work is done that costs something. */
  async refuseWhileWaiting(tx: Tx, accountId: AccountId, kind: GuessableFactor): Promise<void> {
    const nextAt = await this.attempts.nextAt(tx, accountId, kind);
    if (nextAt !== null && nextAt > this.clock.now()) throw this.tooMany(nextAt);
  }

  /**
   * One attempt: `isRight` uses the code up, `then` does what it was for, in one transaction. The attempt is counted first and stays counted when
   * the code is wrong; those who try at once follow one another. Raises `second_factors/refused` and `second_factors/too_many_attempts`.
   */
  async attempt<T>(
    accountId: AccountId,
    kind: GuessableFactor,
    isRight: (tx: Tx) => Promise<boolean>,
    then: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    // A refusal is returned and raised outside, so that the count commits.
    const ended = await this.unitOfWork.asSystem(async (tx): Promise<{ readonly value: T } | { readonly refusal: AppError }> => {
      const taken = await this.attempts.take(tx, accountId, kind, this.clock.now());
      if (!taken.allowed) return { refusal: this.tooMany(taken.nextAt) };
      if (!(await isRight(tx))) {
        if (taken.attempts === FREE_ATTEMPTS) await this.events.record(tx, accountId, 'codes_guessed');
        return { refusal: secondFactorErrors.refused() };
      }
      await this.attempts.forget(tx, accountId, kind);
      return { value: await then(tx) };
    });
    if ('refusal' in ended) throw ended.refusal;
    return ended.value;
  }

  private tooMany(nextAt: Date): AppError {
    const retryAfterSeconds = Math.max(1, Math.ceil((nextAt.getTime() - this.clock.nowMs()) / 1_000));
    return secondFactorErrors.too_many_attempts({ details: { retryAfterSeconds } });
  }
}
