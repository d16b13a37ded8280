import { Injectable } from '@nestjs/common';
import type { IdentityProviderId } from '../../../kernel/ids.js';
import { publicUrl } from '../../../platform/config/public-url.js';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import type { AuthorizationServer } from './authorization-code-client.js';
import { openProviderSecret } from './provider-secret.js';

/** The providers people can sign in through now, whoever they belong to. */
@Injectable()
export class SignOnProviders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
  ) {}

  /** Raises `federation/provider_not_found`, also for one that is switched off, and `federation/method_off`. */
  async require(id: IdentityProviderId): Promise<AuthorizationServer> {
    const provider = await this.find(id);
    if (provider === null || provider.status !== 'active' || provider.kind === 'saml') throw federationErrors.provider_not_found();
    requireMethod(this.settings, provider);
    return provider;
  }

  find(id: IdentityProviderId): Promise<Provider | null> {
    return this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, id));
  }

  /** The installation's own that let people in now. */
  async offered(): Promise<Provider[]> {
    const own = await this.unitOfWork.asSystem((tx) => this.providers.list(tx, null));
    return own.filter((provider) => this.letsIn(provider));
  }

  letsIn({ status, kind }: Pick<Provider, 'status' | 'kind'>): boolean {
    return status === 'active' && this.settings.signInMethods.includes(methodOf(kind));
  }

  /** Null for a public client. Raises `federation/secret_missing` and `kms/*`. Not inside a transaction. */
  async secretOf(provider: AuthorizationServer): Promise<string | null> {
    const secret = await openProviderSecret(this.kms, provider);
    if (secret === null && provider.connection.clientAuthentication !== 'none') throw federationErrors.secret_missing();
    return secret;
  }

  /**
   * Where a provider sends browsers back to. Each has an address of its own, so that no provider's answer passes for another's (RFC 9700 §4.4).
   */
  redirectUri(id: IdentityProviderId): string {
    return `${publicUrl(this.settings)}/api/v1/sign-in/providers/${id}/callback`;
  }
}

/** Raises `federation/method_off` unless the installation lets people in this way. */
function requireMethod(settings: Settings, { kind }: Pick<Provider, 'kind'>): void {
  if (!settings.signInMethods.includes(methodOf(kind))) throw federationErrors.method_off();
}

function methodOf(kind: Provider['kind']): 'oidc' | 'saml' {
  return kind === 'saml' ? 'saml' : 'oidc';
}
