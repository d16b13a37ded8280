import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { FactorPermit } from './factor-permit.js';
import { relyingPartyOf } from './relying-party.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { WebauthnChallenges } from './webauthn-challenges.js';
import { registrationOptions } from './webauthn-registration.js';

/** What a page hands to `navigator.credentials.create()` to make a security key or passkey for this account. */
@Injectable()
export class BeginRegistration {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly permit: FactorPermit,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
    private readonly settings: Settings,
  ) {}

  /** Raises what {@link FactorPermit} does, and `second_factors/webauthn_unavailable`. */
  async run({ accountId, sessionId }: SecondFactorSession): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const party = relyingPartyOf(publicUrl(this.settings));
    const { owner, known, challenge } = await this.unitOfWork.asSystem(async (tx) => {
      const account = await this.accounts.find(tx, accountId);
      if (account === null) throw accountsErrors.account_not_found();
      await this.permit.toChange(tx, sessionId);
      const name = account.email ?? account.username ?? accountId;
      return {
        owner: { accountId, name, displayName: account.displayName ?? name },
        known: await this.credentials.list(tx, accountId),
        challenge: await this.challenges.give(tx, 'registration', sessionId),
      };
    });
    return registrationOptions(party, owner, challenge, known);
  }
}
