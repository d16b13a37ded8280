import { Injectable } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { accountsErrors } from '../../accounts.errors.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { AccountDesk } from '../account-desk.js';
import { FactorSessions } from './factor-sessions.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { WebauthnChallenges } from './webauthn-challenges.js';

/** What a page hands to `navigator.credentials.create()` to make a security key or passkey for this account. */
@Injectable()
export class BeginRegistration {
  constructor(
    private readonly desk: AccountDesk,
    private readonly sessions: FactorSessions,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly challenges: WebauthnChallenges,
  ) {}

  /** Raises what {@link FactorSessions.toChange} does, and `second_factors/webauthn_unavailable`. */
  async run({ accountId, sessionId }: SecondFactorSession): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { party } = this.challenges;
    const { registrationOptions } = await import('./webauthn-registration.js');
    const { owner, known, challenge } = await this.desk.unitOfWork.asSystem(async (tx) => {
      const account = await this.desk.accounts.find(tx, accountId);
      if (account === null) throw accountsErrors.account_not_found();
      await this.sessions.toChange(tx, sessionId);
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
