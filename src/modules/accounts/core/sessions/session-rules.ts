import { Injectable } from '@nestjs/common';
import { hashSecret, isSecretShaped } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AccessPolicy, Membership } from '../../../tenants/tenants.contract.js';
import type { SignInState } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { SessionEntity } from '../../data/session.entity.js';
import type { SessionWithStatus } from '../../data/sessions.repository.js';
import { AccountDesk } from '../account-desk.js';
import { SecondFactorDemand } from '../second-factor/second-factor-demand.js';
import { SecondFactors } from '../second-factors.js';
import { SessionLimits } from './session-limits.js';

/** When a session is alive, and what it lacks of being signed in. */
@Injectable()
export class SessionRules {
  constructor(
    private readonly desk: AccountDesk,
    private readonly secondFactors: SecondFactors,
    private readonly demand: SecondFactorDemand,
    private readonly limits: SessionLimits,
  ) {}

  /** The absolute limit of a session that begins now. */
  end(): Date {
    return new Date(this.desk.clock.nowMs() + this.limits.lifeMs);
  }

  /** Sessions not seen since then are idle too long. */
  idleSince(): Date {
    return new Date(this.desk.clock.nowMs() - this.limits.idleMs);
  }

  isAlive(session: Pick<SessionEntity, 'expiresAt' | 'lastSeenAt'>): boolean {
    return session.expiresAt.getTime() > this.desk.clock.nowMs() && session.lastSeenAt > this.idleSince();
  }

  /** The live session of a token. Raises `accounts/session_ended`, also when its account is blocked or closed. */
  async require(tx: Tx, sessionToken: string): Promise<SessionWithStatus> {
    if (!isSecretShaped(sessionToken)) throw accountsErrors.session_ended();
    const session = await this.desk.sessions.findByToken(tx, hashSecret(sessionToken));
    if (session === null || session.status !== 'active' || !this.isAlive(session)) throw accountsErrors.session_ended();
    return session;
  }

  /**
   * How far a session has come. Computed each time from what holds now: whoever sets a second factor up, or joins an organisation that demands one,
   * must show one in every session.
   */
  async stateOf(
    tx: Tx,
    session: Pick<SessionEntity, 'accountId' | 'secondFactorAt'>,
    memberships?: readonly (Membership & AccessPolicy)[],
  ): Promise<SignInState> {
    if (session.secondFactorAt !== null) return 'complete';
    if (await this.secondFactors.hasAny(tx, session.accountId)) return 'second_factor_required';
    return (await this.demand.appliesTo(tx, session.accountId, memberships)) ? 'second_factor_enrolment_required' : 'complete';
  }
}
