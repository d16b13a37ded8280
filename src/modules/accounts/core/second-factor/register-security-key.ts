import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { newId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { RenewSession } from '../sessions/renew-session.js';
import { FactorPermit } from './factor-permit.js';
import { FactorEvents } from './factor-events.js';
import { type Enrolled, RecoveryCodes } from './recovery-codes.js';
import { relyingPartyOf } from './relying-party.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { WebauthnChallenges } from './webauthn-challenges.js';
import { type RegistrationAnswer, verifyRegistration } from './webauthn-registration.js';

const MAX_CREDENTIALS = 20;

/** Takes the public key an authenticator has made. The session has shown a second factor with that. */
@Injectable()
export class RegisterSecurityKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly permit: FactorPermit,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
    private readonly codes: RecoveryCodes,
    private readonly renew: RenewSession,
    private readonly events: FactorEvents,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `second_factors/registration_refused`, `second_factors/already_enrolled`, `second_factors/too_many`,
   * `second_factors/webauthn_unavailable`, `accounts/second_factor_required` and `accounts/session_ended`.
   */
  async run(
    session: SecondFactorSession,
    name: string,
    answer: RegistrationAnswer,
  ): Promise<Enrolled & { readonly credentialId: WebauthnCredentialId }> {
    const { accountId, sessionId } = session;
    const party = relyingPartyOf(publicUrl(this.settings));
    const challenge = await this.unitOfWork.asSystem((tx) => this.challenges.take(tx, 'registration', sessionId, answer.clientDataJSON));
    if (challenge === null) throw secondFactorErrors.registration_refused();
    const { counter, transports, ...key } = await verifyRegistration(party, challenge, answer);
    const id = newId<WebauthnCredentialId>();
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      await this.permit.toFinish(tx, sessionId);
      if ((await this.credentials.list(tx, accountId)).length >= MAX_CREDENTIALS) throw secondFactorErrors.too_many();
      const isNew = await this.credentials.insert(tx, {
        ...key,
        id,
        accountId,
        name,
        signCount: counter,
        transports: [...transports],
        status: 'active',
        createdAt: this.clock.now(),
        lastUsedAt: null,
      });
      if (!isNew) throw secondFactorErrors.already_enrolled();
      await this.events.record(tx, accountId, 'webauthn_added', { target: { type: 'webauthn_credential', id } });
      const recoveryCodes = await this.codes.issueFirst(tx, accountId);
      return { credentialId: id, recoveryCodes, session: await this.renew.run(tx, sessionId, 'second_factor') };
    });
  }
}
