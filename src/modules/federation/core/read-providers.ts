import { Injectable } from '@nestjs/common';
import type { Provider, ProviderOwner, ProviderRef, ProvidersAfter } from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';
import { SignOnProviders } from './sign-on-providers.js';

/** Shows providers to whoever administers them. */
@Injectable()
export class ReadProviders {
  constructor(
    private readonly audited: AuditedProviders,
    private readonly signOn: SignOnProviders,
  ) {}

  /** Raises `federation/provider_not_found`. */
  get(ref: ProviderRef): Promise<Provider> {
    return this.audited.within(ref.organisationId, (tx) => this.audited.get(tx, ref));
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  list(owner: ProviderOwner, page: ProvidersAfter): Promise<Provider[]> {
    return this.audited.within(owner, (tx) => this.audited.list(tx, owner, page));
  }

  /** What to register at the provider as redirect URI. */
  callbackUrl({ id }: Pick<Provider, 'id'>): string {
    return this.signOn.redirectUri(id);
  }
}
