import { Injectable } from '@nestjs/common';
import { newId } from '../../../../kernel/ids.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FinishEnrolment } from './finish-enrolment.js';
import type { Enrolled } from './recovery-codes.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { WebauthnChallenges } from './webauthn-challenges.js';
import type { RegistrationAnswer } from './webauthn-registration.js';

const MAX_CREDENTIALS = 20;

/** Takes the public key an authenticator has made. The session has shown a second factor with that. */
@Injectable()
export class RegisterSecurityKey {
  constructor(
    private readonly desk: AccountDesk,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
    private readonly finishing: FinishEnrolment,
  ) {}

  /**
   * Raises `second_factors/registration_refused`, `second_factors/already_enrolled`, `second_factors/too_many`,
   * `second_factors/webauthn_unavailable`, `accounts/second_factor_required` and `accounts/session_ended`.
   */
  async run(session: SecondFactorSession, name: string, answer: RegistrationAnswer): Promise<Enrolled> {
    const { accountId, sessionId } = session;
    const { party } = this.challenges;
    const challenge = await this.desk.unitOfWork.asSystem((tx) =>
      this.challenges.take(tx, 'registration', sessionId, answer.clientDataJSON),
    );
    if (challenge === null) throw secondFactorErrors.registration_refused();
    const { verifyRegistration } = await import('./webauthn-registration.js');
    const { counter, transports, ...key } = await verifyRegistration(party, challenge, answer);
    const id = newId<WebauthnCredentialId>();
    const added = { event: 'webauthn_added', target: { type: 'webauthn_credential', id } } as const;
    return this.finishing.run(session, added, async (tx) => {
      if ((await this.credentials.list(tx, accountId)).length >= MAX_CREDENTIALS) throw secondFactorErrors.too_many();
      const isNew = await this.credentials.insert(tx, {
        ...key,
        id,
        accountId,
        name,
        signCount: counter,
        transports: [...transports],
        status: 'active',
        createdAt: this.desk.clock.now(),
        lastUsedAt: null,
      });
      if (!isNew) throw secondFactorErrors.already_enrolled();
    });
  }
}
