import { Injectable } from '@nestjs/common';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { AdmitPerson } from '../admit-person.js';
import type { Completion } from '../complete-federation.js';
import { SamlConnections } from './saml-connections.js';
import { SamlExchanges } from './saml-exchanges.js';

export interface SamlFinish {
  readonly providerId: IdentityProviderId;
  readonly code: unknown;
  /** From the cookie; undefined when there is none. */
  readonly browserSecret: string | undefined;
}

/** Finishes a sign-in, or the linking of an identity, in the browser it began in, exactly once. */
@Injectable()
export class FinishSaml {
  constructor(
    private readonly connections: SamlConnections,
    private readonly exchanges: SamlExchanges,
    private readonly admission: AdmitPerson,
  ) {}

  /** Raises `federation/attempt_not_found`, `federation/provider_not_found`, `federation/method_off`, and what {@link AdmitPerson} raises. */
  async run({ providerId, code, browserSecret }: SamlFinish): Promise<Completion> {
    const answer = await this.exchanges.takeAnswer(providerId, code, browserSecret);
    const provider = await this.connections.require(providerId);
    const { subject, username, email, twoFactors, returnPath } = answer;
    const profile = { username, email, avatarUrl: null, vip: false };
    const person = { subject, profile, emailVerified: null, twoFactors, hostedDomain: null };
    const { accountId, secondFactorDone } = await this.admission.run(provider, person, answer);
    return { accountId, secondFactorDone, returnPath, outcome: answer.accountId === null ? 'signed_in' : 'linked' };
  }
}
