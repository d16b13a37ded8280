import { Injectable } from '@nestjs/common';
import type { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { FREE_ATTEMPTS, TotpAttemptsRepository } from '../../data/second-factor/totp-attempts.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FactorEvents } from './factor-events.js';

/**
 * Keeps guessing codes of an authenticator app slow, per account, over all replicas (A7). Security keys and recovery codes are beyond guessing and stay
 * usable meanwhile: a stranger's guesses shut no owner out.
 */
@Injectable()
export class GuessGuard {
  constructor(
    private readonly desk: AccountDesk,
    private readonly attempts: TotpAttemptsRepository,
    private readonly events: FactorEvents,
  ) {}

  /** What `read` gives, before work is done that costs something. Raises `second_factors/too_many_attempts`, and counts nothing. */
  unlessWaiting<T>(accountId: AccountId, read: (tx: Tx) => Promise<T>): Promise<T> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const nextAt = await this.attempts.nextAt(tx, accountId);
      if (nextAt !== null && nextAt > this.desk.clock.now()) throw this.tooMany(nextAt);
      return read(tx);
    });
  }

  /**
   * One attempt: `isRight` uses the code up, `then` does what it was for, in one transaction. The attempt is counted first and stays counted when
   * the code is wrong; those who try at once follow one another. Raises `second_factors/refused` and `second_factors/too_many_attempts`.
   */
  async attempt<T>(accountId: AccountId, isRight: (tx: Tx) => Promise<boolean>, then: (tx: Tx) => Promise<T>): Promise<T> {
    // A refusal is returned and raised outside, so that the count commits.
    const ended = await this.desk.unitOfWork.asSystem(async (tx): Promise<{ readonly value: T } | { readonly refusal: AppError }> => {
      const taken = await this.attempts.take(tx, accountId, this.desk.clock.now());
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
    const retryAfterSeconds = Math.max(1, Math.ceil((nextAt.getTime() - this.desk.clock.nowMs()) / 1_000));
    return secondFactorErrors.too_many_attempts({ details: { retryAfterSeconds } });
  }
}
