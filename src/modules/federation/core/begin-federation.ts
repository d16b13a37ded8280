import { Injectable } from '@nestjs/common';
import { newSecret } from '../../../kernel/secrets.js';
import { type Beginning, Attempts } from './attempts.js';
import { AuthorizationCodeClient } from './authorization-code-client.js';
import { flowSecrets } from './flow-secrets.js';
import { SignOnProviders } from './sign-on-providers.js';

/** Begins a sign-in, or the linking of an identity, at a provider. */
@Injectable()
export class BeginFederation {
  constructor(
    private readonly providers: SignOnProviders,
    private readonly attempts: Attempts,
    private readonly client: AuthorizationCodeClient,
  ) {}

  /**
   * Where the browser goes now. Raises `federation/provider_not_found`, `federation/method_off`, `federation/provider_unavailable` and
   * `federation/answer_refused`.
   */
  async run(beginning: Beginning): Promise<string> {
    const provider = await this.providers.require(beginning.providerId);
    const flow = flowSecrets(beginning.browserSecret, newSecret());
    const url = await this.client.authorisationUrl(provider, this.providers.redirectUri(provider.id), flow);
    await this.attempts.begin(beginning, flow.state);
    return url;
  }
}
