import { invalidRequest } from '../../../kernel/errors.js';
import { type EnvelopeContext, openEnvelope, sealEnvelope } from '../../../platform/kms/envelope.js';
import type { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { sealedSecretOf, type StoredProviderSecret } from '../data/identity-provider.entity.js';
import type { Provider, ProviderRef } from '../data/identity-providers.repository.js';

/** What any provider gives: visible ASCII, short enough for a header. Keys of SAML are longer. */
const SECRET = /^[\x20-\x7E\r\n]{1,8192}$/;
const HINT_LENGTH = 4;
/** Of a shorter secret its end would be too much of it. */
const HINTED_LENGTH = 20;

/** Seals a client secret as that version of that provider's. Raises a 400 for an unusable secret, and `kms/*`. Not inside a transaction. */
export async function sealProviderSecret(
  kms: KeyManagementService,
  secret: string,
  provider: ProviderRef,
  version: number,
): Promise<StoredProviderSecret> {
  if (!SECRET.test(secret)) throw invalidRequest([{ field: 'clientSecret', message: 'must be 1 to 8192 visible ASCII characters' }]);
  const bytes = Buffer.from(secret, 'utf8');
  try {
    const sealed = await sealEnvelope(kms, bytes, contextOf(provider, version));
    return { ...sealed, secretVersion: version, secretHint: secret.length < HINTED_LENGTH ? '' : `…${secret.slice(-HINT_LENGTH)}` };
  } finally {
    bytes.fill(0);
  }
}

/** The secret of a provider, or null when it has none. Raises `kms/*`. Not inside a transaction. */
export async function openProviderSecret(kms: KeyManagementService, provider: Provider): Promise<string | null> {
  const sealed = sealedSecretOf(provider);
  if (sealed === null) return null;
  const bytes = await openEnvelope(kms, sealed, contextOf(provider, provider.secretVersion));
  try {
    return bytes.toString('utf8');
  } finally {
    bytes.fill(0);
  }
}

/** What the secret is bound to: its row, and which of its secrets it is. */
export function contextOf({ organisationId, id }: ProviderRef, version: number): EnvelopeContext {
  return { what: 'identity-provider', row: { organisation: organisationId ?? 'installation', provider: id, version: String(version) } };
}
