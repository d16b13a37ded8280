import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { WebauthnChallenges } from './webauthn-challenges.js';

/** What a page hands to `navigator.credentials.get()`. */
@Injectable()
export class BeginAssertion {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
    private readonly settings: Settings,
  ) {}

  /** For one of the account's keys, in its session. Raises `second_factors/none_enrolled` and `second_factors/webauthn_unavailable`. */
  async asSecondFactor({ accountId, sessionId }: SecondFactorSession): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { party } = this.challenges;
    const { assertionOptions } = await import('./webauthn-assertion.js');
    const { known, challenge } = await this.unitOfWork.asSystem(async (tx) => {
      const active = (await this.credentials.list(tx, accountId)).filter(({ status }) => status === 'active');
      if (active.length === 0) throw secondFactorErrors.none_enrolled();
      return { known: active, challenge: await this.challenges.give(tx, 'second_factor', sessionId) };
    });
    return assertionOptions(party, 'second_factor', challenge, known);
  }

  /** For whoever has a passkey here: names nobody. Raises `accounts/method_off` and `second_factors/webauthn_unavailable`. */
  async asPasskey(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    if (!this.settings.signInMethods.includes('webauthn')) throw accountsErrors.method_off();
    const { party } = this.challenges;
    const { assertionOptions } = await import('./webauthn-assertion.js');
    const challenge = await this.unitOfWork.asSystem((tx) => this.challenges.give(tx, 'passkey', null));
    return assertionOptions(party, 'passkey', challenge, []);
  }
}
