import type { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { StoredSecret } from './audited-credentials.js';
import { type SecretContext, sealEnvelope } from './envelope.js';
import { hintOf, secretBytes } from './provider-secret.js';

/** What to store for `secret` as that version of that credential. Raises a 400 for an unusable secret, and `kms/*`. */
export async function sealSecret(kms: KeyManagementService, secret: string, context: SecretContext): Promise<StoredSecret> {
  const bytes = secretBytes(secret);
  try {
    return { ...(await sealEnvelope(kms, bytes, context)), version: context.version, hint: hintOf(secret) };
  } finally {
    bytes.fill(0);
  }
}
