import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { RenewSession } from '../sessions/renew-session.js';
import { FactorEvents } from './factor-events.js';
import { GuessGuard } from './guess-guard.js';
import { hashRecoveryCode } from './recovery-code.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** Takes a recovery code in place of a factor: once, and its owner hears of it. */
@Injectable()
export class UseRecoveryCode {
  constructor(
    private readonly codes: RecoveryCodesRepository,
    private readonly guesses: GuessGuard,
    private readonly renew: RenewSession,
    private readonly events: FactorEvents,
  ) {}

  /** Raises `second_factors/refused`, `second_factors/too_many_attempts` and `accounts/session_ended`. */
  run({ accountId, sessionId }: SecondFactorSession, code: string): Promise<OpenedSession> {
    const hash = hashRecoveryCode(accountId, code);
    const isUnused = async (tx: Tx): Promise<boolean> => hash !== null && (await this.codes.use(tx, accountId, hash));
    return this.guesses.attempt(accountId, 'recovery_code', isUnused, async (tx) => {
      await this.events.record(tx, accountId, 'recovery_code_used');
      return this.renew.run(tx, sessionId, 'second_factor');
    });
  }
}
