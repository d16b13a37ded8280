import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { authnRequestUrl } from './authn-request.js';
import { SamlConnections } from './saml-connections.js';
import { type SamlBeginning, SamlExchanges } from './saml-exchanges.js';

/** Begins a sign-in at a SAML identity provider: the request is remembered as a hash of its id, and answered once. */
@Injectable()
export class BeginSaml {
  constructor(
    private readonly connections: SamlConnections,
    private readonly exchanges: SamlExchanges,
    private readonly clock: Clock,
  ) {}

  /** Where the browser goes now. Raises `federation/provider_not_found`, `federation/method_off` and `kms/*`. */
  async run(beginning: SamlBeginning): Promise<string> {
    const provider = await this.connections.require(beginning.providerId);
    const { entityId, consumerUrl } = this.connections.addresses(provider.id);
    // An XML name may not begin with a digit.
    const requestId = `_${randomBytes(32).toString('hex')}`;
    const request = {
      id: requestId,
      issuedAt: this.clock.now(),
      issuer: entityId,
      consumerUrl,
      destination: provider.connection.signOnUrl,
      forceAuthn: provider.settings.forcesAuthentication,
    };
    const url = authnRequestUrl(request, await this.connections.requestKey(provider));
    await this.exchanges.begin(beginning, requestId);
    return url;
  }
}
