import { Injectable } from '@nestjs/common';
import type { SessionId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type WebauthnCredentialRow, WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FactorEvents } from './factor-events.js';
import type { AssertionAnswer, AssertionUse, ProvenAssertion } from './webauthn-assertion.js';
import { WebauthnChallenges } from './webauthn-challenges.js';

export type SecurityKeyProof = ProvenAssertion & { readonly credential: WebauthnCredentialRow };

/** What is the same whether a key finishes a sign-in or is one. */
@Injectable()
export class SecurityKeyProofs {
  constructor(
    private readonly desk: AccountDesk,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
    private readonly events: FactorEvents,
  ) {}

  /** The credential that signed. Its challenge is used up, whatever comes of it. Raises `second_factors/refused`. */
  async verify(use: AssertionUse, sessionId: SessionId | null, answer: AssertionAnswer): Promise<SecurityKeyProof> {
    const { party } = this.challenges;
    const { challenge, credential } = await this.desk.unitOfWork.asSystem(async (tx) => ({
      challenge: await this.challenges.take(tx, use, sessionId, answer.clientDataJSON),
      credential: await this.credentials.findByCredentialId(tx, Buffer.from(answer.id, 'base64url')),
    }));
    if (challenge === null || credential?.status !== 'active') throw secondFactorErrors.refused();
    const { verifyAssertion } = await import('./webauthn-assertion.js');
    return { ...(await verifyAssertion(party, { use, challenge, credential }, answer)), credential };
  }

  /**
   * Does `then` for a proof whose counter has grown. One that has not comes from a copy of the key, or the key has a copy that was here before: it
   * is suspended for good, and its owner told (WebAuthn §6.1.1). Raises `second_factors/refused`.
   */
  async use<T>({ credential, counter, backedUp }: SecurityKeyProof, then: (tx: Tx) => Promise<T>): Promise<T> {
    // The refusal is raised outside, so that the suspension commits.
    const ended = await this.desk.unitOfWork.asSystem(async (tx): Promise<{ readonly value: T } | null> => {
      const hasGrown = await this.credentials.advance(tx, credential.id, { counter, backedUp, at: this.desk.clock.now() });
      if (hasGrown) return { value: await then(tx) };
      if (await this.credentials.suspend(tx, credential.id)) {
        const target = { type: 'webauthn_credential', id: credential.id } as const;
        await this.events.record(tx, credential.accountId, 'webauthn_suspended', { target });
      }
      return null;
    });
    if (ended === null) throw secondFactorErrors.refused();
    return ended.value;
  }
}
