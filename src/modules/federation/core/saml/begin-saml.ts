import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Attempts, type Beginning } from '../attempts.js';
import { authnRequestUrl } from './authn-request.js';
import { SamlConnections } from './saml-connections.js';

/** Begins a sign-in, or the linking of an identity, at a SAML identity provider: the request is remembered as a hash of its id, and answered once. */
@Injectable()
export class BeginSaml {
  constructor(
    private readonly connections: SamlConnections,
    private readonly attempts: Attempts,
    private readonly clock: Clock,
  ) {}

  /** Where the browser goes now. Raises `federation/provider_not_found`, `federation/method_off` and `kms/*`. */
  async run(beginning: Beginning): Promise<string> {
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
    await this.attempts.begin(beginning, requestId);
    return url;
  }
}
