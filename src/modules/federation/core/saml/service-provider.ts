import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import type { Settings } from '../../../../platform/config/settings.js';
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
