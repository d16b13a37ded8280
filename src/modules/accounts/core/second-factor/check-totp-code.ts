import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorSessions } from './factor-sessions.js';
import { GuessGuard } from './guess-guard.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { TotpSecrets } from './totp-secrets.js';

/** Takes a code of the account's authenticator app: once, and after several wrong ones only now and then. */
@Injectable()
export class CheckTotpCode {
  constructor(
    private readonly factors: TotpFactorsRepository,
    private readonly secrets: TotpSecrets,
    private readonly guesses: GuessGuard,
    private readonly sessions: FactorSessions,
  ) {}

  /** Raises `second_factors/refused`, `second_factors/too_many_attempts`, `accounts/session_ended` and `kms/*`. */
  async run({ accountId, sessionId }: SecondFactorSession, code: string): Promise<OpenedSession> {
    const factor = await this.guesses.unlessWaiting(accountId, (tx) => this.factors.find(tx, accountId));
    if (factor === null || factor.confirmedAt === null) throw secondFactorErrors.refused();
    const right = await this.secrets.stepOf(factor, code);
    const isFresh = async (tx: Tx): Promise<boolean> => right !== null && (await this.factors.useStep(tx, factor.id, right.step, right.at));
    return this.guesses.attempt(accountId, isFresh, (tx) => this.sessions.shown(tx, sessionId));
  }
}
