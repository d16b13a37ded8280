import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { ProviderRef } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { AuditedProviders } from './audited-providers.js';
import { type AuthorizationServer, AuthorizationCodeClient } from './authorization-code-client.js';
import { DiscoveredProviders } from './discovered-providers.js';
import { SignOnProviders } from './sign-on-providers.js';

/** What came of trying a provider. */
export interface ProviderCheck {
  /** Whether its configuration could be read and is usable. */
  readonly reachable: boolean;
  /** Whether it takes client id and secret; null when that could not be found out. */
  readonly clientAccepted: boolean | null;
  /** The code of the first error, such as `federation/provider_unavailable`. */
  readonly problem: string | null;
}

/** Tries a provider without anybody signing in: reads its configuration anew and asks whether it knows us. */
@Injectable()
export class CheckProvider {
  constructor(
    private readonly providers: AuditedProviders,
    private readonly discovered: DiscoveredProviders,
    private readonly client: AuthorizationCodeClient,
    private readonly signOn: SignOnProviders,
  ) {}

  /** Raises `federation/provider_not_found`, `federation/secret_missing` and `kms/*`; whatever the provider does wrong is in the answer. */
  async run(ref: ProviderRef): Promise<ProviderCheck> {
    const provider = await this.providers.within(ref.organisationId, (tx) => this.providers.get(tx, ref));
    if (provider.kind === 'saml') throw federationErrors.provider_not_found();
    const secret = await this.signOn.secretOf(provider);
    let reachable = false;
    try {
      if (provider.kind === 'oidc') await this.discovered.readAgain(provider.connection.issuer);
      reachable = provider.kind === 'oidc';
      const clientAccepted = await this.ask(provider, secret);
      return { reachable: true, clientAccepted, problem: null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { reachable, clientAccepted: null, problem: error.code };
    }
  }

  private ask(provider: AuthorizationServer, secret: string | null): Promise<boolean | null> {
    return this.client.isKnownClient(provider, secret, this.signOn.redirectUri(provider.id));
  }
}
