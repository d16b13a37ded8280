import { Injectable } from '@nestjs/common';
import type { SessionId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { RECENT_PROOF_MS } from '../../../../platform/http/access.guard.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { OpenedSession, SignInState } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { SecondFactors } from '../second-factors.js';
import { RenewSession } from '../sessions/renew-session.js';
import { SessionRules } from '../sessions/session-rules.js';

/**
 * What factors have to do with sessions. Who may set factors up and take them away: somebody who is signed in, or lacks nothing but a first factor of their own. Never a session that has yet
 * to present one: whoever knows a password only would answer the question with a factor of theirs.
 */
@Injectable()
export class FactorSessions {
  constructor(
    private readonly desk: AccountDesk,
    private readonly factors: SecondFactors,
    private readonly rules: SessionRules,
    private readonly renewing: RenewSession,
  ) {}

  /**
   * Also demands a proof of the last ten minutes, so that a session left open changes nothing: by a factor where the account has one, so that a
   * password does not open what the factor is there to keep shut. Raises `second_factors/present_again`, `second_factors/sign_in_again`,
   * `http/step_up_required`, `accounts/second_factor_required` and `accounts/session_ended`.
   */
  async toChange(tx: Tx, sessionId: SessionId): Promise<void> {
    const { session, state } = await this.read(tx, sessionId);
    const hasFactor = await this.factors.hasAny(tx, session.accountId);
    const provenAt = (hasFactor ? session.secondFactorAt : session.provenAt)?.getTime() ?? 0;
    if (this.desk.clock.nowMs() - provenAt <= RECENT_PROOF_MS) return;
    if (hasFactor) throw secondFactorErrors.present_again();
    throw state === 'complete' ? httpErrors.step_up_required() : secondFactorErrors.sign_in_again();
  }

  /**
   * Asked again at the end of setting one up: since the beginning the account may have got its first factor elsewhere. Raises
   * `accounts/second_factor_required` and `accounts/session_ended`.
   */
  async toFinish(tx: Tx, sessionId: SessionId): Promise<void> {
    await this.read(tx, sessionId);
  }

  /** A factor was shown in the session: it is complete, and has a new token. Raises `accounts/session_ended`. */
  shown(tx: Tx, sessionId: SessionId): Promise<OpenedSession> {
    return this.renewing.run(tx, sessionId, 'second_factor');
  }

  private async read(tx: Tx, sessionId: SessionId): Promise<{ readonly session: SessionEntity; readonly state: SignInState }> {
    const session = await this.desk.sessions.lock(tx, sessionId);
    if (session === null || !this.rules.isAlive(session)) throw accountsErrors.session_ended();
    const state = await this.rules.stateOf(tx, session);
    if (state === 'second_factor_required') throw accountsErrors.second_factor_required({ details: { state } });
    return { session, state };
  }
}
