import { Injectable } from '@nestjs/common';
import { type AuthorizationServer, AuthorizationCodeClient, type VerifiedPerson } from './authorization-code-client.js';
import type { Returned } from './attempts.js';
import { SignOnProviders } from './sign-on-providers.js';

/** Finds out from its provider who has come back. */
@Injectable()
export class RedeemCallback {
  constructor(
    private readonly providers: SignOnProviders,
    private readonly client: AuthorizationCodeClient,
  ) {}

  /** `query` as the browser brought it. Raises what {@link SignOnProviders} and {@link AuthorizationCodeClient.redeem} raise. */
  async run({ attempt, flow }: Returned, query: string): Promise<VerifiedPerson & { readonly provider: AuthorizationServer }> {
    const provider = await this.providers.require(attempt.providerId);
    const secret = await this.providers.secretOf(provider);
    const address = new URL(this.providers.redirectUri(provider.id));
    address.search = query;
    return { provider, ...(await this.client.redeem(provider, secret, address, flow)) };
  }
}
