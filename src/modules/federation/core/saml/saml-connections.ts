import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { IdentityProvidersRepository } from '../../data/identity-providers.repository.js';
import { federationErrors } from '../../federation.errors.js';
import { openProviderSecret } from '../provider-secret.js';
import { ownMetadata } from './own-metadata.js';
import { type SamlAddresses, samlAddresses, type SamlProvider } from './service-provider.js';

/** SAML providers people can sign in through now, and our side of each connection. */
@Injectable()
export class SamlConnections {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
  ) {}

  /** Raises `federation/provider_not_found`, also for one that is switched off, and `federation/method_off`. */
  async require(id: IdentityProviderId): Promise<SamlProvider> {
    const provider = await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, id));
    if (provider === null || provider.kind !== 'saml' || provider.status !== 'active') throw federationErrors.provider_not_found();
    if (!this.settings.signInMethods.includes('saml')) throw federationErrors.method_off();
    return provider;
  }

  addresses(id: IdentityProviderId): SamlAddresses {
    return samlAddresses(this.settings, id);
  }

  /** What an identity provider is given; nothing in it is secret. Raises what {@link require} raises. */
  async metadata(id: IdentityProviderId): Promise<string> {
    const { settings } = await this.require(id);
    return ownMetadata({ ...this.addresses(id), certificate: settings.requestCertificate });
  }

  /** The key our requests are signed with, in PEM; null when they are not. Raises `kms/*`. Not inside a transaction. */
  async requestKey(provider: SamlProvider): Promise<string | null> {
    if (provider.settings.requestCertificate === null) return null;
    return present(await openProviderSecret(this.kms, provider), 'the key of a provider whose requests are signed');
  }
}
