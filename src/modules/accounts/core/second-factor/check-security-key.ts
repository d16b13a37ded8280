import { Injectable } from '@nestjs/common';
import type { OpenedSession } from '../../accounts.contract.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorSessions } from './factor-sessions.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { SecurityKeyProofs } from './security-key-proofs.js';
import type { AssertionAnswer } from './webauthn-assertion.js';

/** Takes a signature of one of the account's security keys as its second factor. */
@Injectable()
export class CheckSecurityKey {
  constructor(
    private readonly proofs: SecurityKeyProofs,
    private readonly sessions: FactorSessions,
  ) {}

  /** Raises `second_factors/refused`, `second_factors/webauthn_unavailable` and `accounts/session_ended`. */
  async run({ accountId, sessionId }: SecondFactorSession, answer: AssertionAnswer): Promise<OpenedSession> {
    const proof = await this.proofs.verify('second_factor', sessionId, answer);
    if (proof.credential.accountId !== accountId) throw secondFactorErrors.refused();
    return this.proofs.use(proof, (tx) => this.sessions.shown(tx, sessionId));
  }
}
