import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import type { FederationAttemptRow } from '../../data/federation-attempt.entity.js';
import { isReturnPath } from '../return-path.js';
import { refuse } from './refuse-response.js';
import { openEnvelope } from './response-envelope.js';
import { SamlConnections } from './saml-connections.js';
import { SamlExchanges } from './saml-exchanges.js';
import { samlPerson } from './saml-person.js';
import type { SamlProvider } from './service-provider.js';

const DEFAULT_LOCALE = 'en';

/** The form an identity provider has the browser send. */
export interface SamlForm {
  /** The provider whose address it came to. */
  readonly providerId: IdentityProviderId;
  readonly samlResponse: string;
  /** Where to go afterwards, when the provider began; what we began, we remember ourselves. */
  readonly relayState: string | null;
}

/**
 * Takes the answer of an identity provider. The page that sends it is another site's, so the browser shows no cookie here: who it is is decided
 * now, and whether it is the browser that asked at the finish, which a code leads to (ADR 0035).
 */
@Injectable()
export class ConsumeResponse {
  constructor(
    private readonly connections: SamlConnections,
    private readonly exchanges: SamlExchanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Where the browser goes to finish. Raises `saml/response_refused`, `saml/response_too_large`, `federation/attempt_not_found`,
   * `federation/provider_not_found` and `federation/method_off`.
   */
  async run({ providerId, samlResponse, relayState }: SamlForm): Promise<string> {
    const envelope = openEnvelope(samlResponse);
    const provider = await this.connections.require(providerId);
    const request = await this.requestFor(provider, envelope.inResponseTo);
    const { entityId, consumerUrl, finishUrl } = this.connections.addresses(providerId);
    const { checkResponse } = await import('./check-response.js');
    const proven = checkResponse(envelope, {
      issuer: provider.connection.entityId,
      certificates: provider.settings.certificates,
      audience: entityId,
      consumerUrl,
      requestId: envelope.inResponseTo,
      nowMs: this.clock.nowMs(),
    });
    const { subject, profile, twoFactors } = samlPerson(proven, provider.settings);
    const answer = {
      browserHash: request?.browserHash ?? null,
      // What nobody asked for links nothing, whoever is signed in.
      accountId: request?.accountId ?? null,
      sessionId: request?.sessionId ?? null,
      providerId,
      subject,
      username: profile.username,
      email: profile.email,
      twoFactors,
      attestedAge: request?.attestedAge ?? null,
      locale: request?.locale ?? DEFAULT_LOCALE,
      returnPath: request?.returnPath ?? returnPathOf(relayState),
    };
    return `${finishUrl}?code=${await this.exchanges.keep(answer, proven)}`;
  }

  /** Null when the provider began, which it must be allowed to. */
  private requestFor(provider: SamlProvider, inResponseTo: string | null): Promise<FederationAttemptRow> | null {
    if (inResponseTo !== null) return this.exchanges.takeRequest(provider.id, inResponseTo);
    if (!provider.settings.allowsUnsolicited) throw refuse('unsolicited');
    return null;
  }
}

/** Anything but a path of this installation is left aside: who began elsewhere begins at the front here. */
function returnPathOf(relayState: string | null): string {
  return isReturnPath(relayState) ? relayState : '/';
}
