import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { OpenSession } from '../sessions/open-session.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { SecurityKeyProofs } from './security-key-proofs.js';
import type { AssertionAnswer } from './webauthn-assertion.js';

/** Signs in whoever a passkey says. The device has verified its user, so it is both factors: what one has, and what one knows or is. */
@Injectable()
export class SignInWithPasskey {
  constructor(
    private readonly proofs: SecurityKeyProofs,
    private readonly sessions: OpenSession,
    private readonly brake: SignInBrake,
    private readonly settings: Settings,
  ) {}

  /**
   * Raises `second_factors/refused`, `second_factors/webauthn_unavailable`, `accounts/method_off`, `accounts/account_blocked` and
   * `http/too_many_requests`.
   */
  async run(answer: AssertionAnswer, origin: SignInOrigin): Promise<OpenedSession> {
    if (!this.settings.signInMethods.includes('webauthn')) throw accountsErrors.method_off();
    const network = networkPressed('network_sign_in', origin.remoteAddress);
    await this.brake.admit(network);
    const proof = await this.proofs.verify('passkey', null, answer);
    const how = { method: 'webauthn', secondFactorDone: true } as const;
    return this.proofs.use(proof, async (tx) => {
      const session = await this.sessions.openIn(tx, proof.credential.accountId, how, origin);
      await this.brake.relieve(tx, network);
      return session;
    });
  }
}
