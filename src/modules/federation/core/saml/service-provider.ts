import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import type { Settings } from '../../../../platform/config/settings.js';
import { federationErrors } from '../../federation.errors.js';
import type { Provider } from '../../data/identity-providers.repository.js';
import type { ServiceProvider } from './own-metadata.js';

export type SamlProvider = Extract<Provider, { readonly kind: 'saml' }>;

/** Where browsers come to on our side of a connection. */
export type SamlAddresses = Omit<ServiceProvider, 'certificate'> & { readonly finishUrl: string };

/** The entity id is the address of the metadata, as metadata §4.1 recommends. */
export function samlAddresses(settings: Settings, providerId: IdentityProviderId): SamlAddresses {
  const base = `${publicUrl(settings)}/api/v1/sign-in/saml/${providerId}`;
  return { entityId: `${base}/metadata`, consumerUrl: `${base}/consume`, finishUrl: `${base}/finish` };
}

/** Raises `federation/provider_not_found` unless it speaks SAML and is active. */
export function requireSaml(provider: Provider | null): SamlProvider {
  if (provider === null || provider.kind !== 'saml' || provider.status !== 'active') throw federationErrors.provider_not_found();
  return provider;
}
