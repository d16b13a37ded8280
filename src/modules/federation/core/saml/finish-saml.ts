import { Injectable } from '@nestjs/common';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { type OpenedSession, SignIn, type SignInOrigin } from '../../../accounts/accounts.contract.js';
import { AdmitPerson } from '../admit-person.js';
import { SamlConnections } from './saml-connections.js';
import { SamlExchanges } from './saml-exchanges.js';

export interface SamlFinish {
  readonly providerId: IdentityProviderId;
  readonly code: unknown;
  /** From the cookie; undefined when there is none. */
  readonly browserSecret: string | undefined;
  readonly origin: SignInOrigin;
}

/** Finishes a sign-in in the browser it began in, exactly once. */
@Injectable()
export class FinishSaml {
  constructor(
    private readonly connections: SamlConnections,
    private readonly exchanges: SamlExchanges,
    private readonly admission: AdmitPerson,
    private readonly signIn: SignIn,
  ) {}

  /**
   * Raises `federation/attempt_not_found`, `federation/provider_not_found`, `federation/method_off`, what {@link AdmitPerson} raises, and what
   * {@link SignIn} raises.
   */
  async run({
    providerId,
    code,
    browserSecret,
    origin,
  }: SamlFinish): Promise<{ readonly session: OpenedSession; readonly returnPath: string }> {
    const answer = await this.exchanges.takeAnswer(providerId, code, browserSecret);
    const provider = await this.connections.require(providerId);
    const { subject, username, email, twoFactors, attestedAge, locale, returnPath } = answer;
    const profile = { username, email, avatarUrl: null, vip: false };
    const person = { subject, profile, emailVerified: null, twoFactors, hostedDomain: null };
    const { accountId, secondFactorDone } = await this.admission.run(provider, person, { accountId: null, attestedAge, locale });
    return { session: await this.signIn.open(accountId, { method: 'saml', secondFactorDone }, origin), returnPath };
  }
}
