import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { FREE_ATTEMPTS, TotpAttemptsRepository } from '../../data/second-factor/totp-attempts.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorEvents } from './factor-events.js';

/**
 * Keeps guessing codes of an authenticator app slow, per account, over all replicas (A7). Security keys and recovery codes are beyond guessing and stay
 * usable meanwhile: a stranger's guesses shut no owner out.
 */
@Injectable()
export class GuessGuard {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: TotpAttemptsRepository,
    private readonly events: FactorEvents,
    private readonly clock: Clock,
  ) {}

  /** Raises `second_factors/too_many_attempts` without counting anything: a look before work is done that costs something. */
  async refuseWhileWaiting(tx: Tx, accountId: AccountId): Promise<void> {
    const nextAt = await this.attempts.nextAt(tx, accountId);
    if (nextAt !== null && nextAt > this.clock.now()) throw this.tooMany(nextAt);
  }

  /**
   * One attempt: `isRight` uses the code up, `then` does what it was for, in one transaction. The attempt is counted first and stays counted when
   * the code is wrong; those who try at once follow one another. Raises `second_factors/refused` and `second_factors/too_many_attempts`.
   */
  async attempt<T>(accountId: AccountId, isRight: (tx: Tx) => Promise<boolean>, then: (tx: Tx) => Promise<T>): Promise<T> {
    // A refusal is returned and raised outside, so that the count commits.
    const ended = await this.unitOfWork.asSystem(async (tx): Promise<{ readonly value: T } | { readonly refusal: AppError }> => {
      const taken = await this.attempts.take(tx, accountId, this.clock.now());
      if (!taken.allowed) return { refusal: this.tooMany(taken.nextAt) };
      if (!(await isRight(tx))) {
        if (taken.attempts === FREE_ATTEMPTS) await this.events.record(tx, accountId, 'codes_guessed');
        return { refusal: secondFactorErrors.refused() };
      }
      await this.attempts.forget(tx, accountId);
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
