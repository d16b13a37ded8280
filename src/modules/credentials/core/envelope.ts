import { AppError } from '../../../kernel/errors.js';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import * as envelope from '../../../platform/kms/envelope.js';
import type { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { credentialsErrors } from '../credentials.errors.js';

/** The row a secret belongs to. Both layers of its envelope are bound to it, so the ciphertext opens nowhere else (K1). */
export interface SecretContext {
  readonly organisationId: OrganisationId;
  readonly credentialId: CredentialId;
  /** Grows by one with each rotation of the credential, so an older secret cannot be put back. */
  readonly version: number;
}

export type SealedSecret = envelope.SealedEnvelope;

/** Seals `plaintext` under a fresh data key. The caller overwrites `plaintext`. Raises `kms/*` when no key can be wrapped. */
export function sealEnvelope(
  kms: KeyManagementService,
  plaintext: Buffer,
  context: SecretContext,
  signal?: AbortSignal,
): Promise<SealedSecret> {
  return envelope.sealEnvelope(kms, plaintext, contextOf(context), signal);
}

/**
 * The secret, in a buffer the caller overwrites after use. Damage, truncation, another row's context and another key all end in
 * the one error `credentials/secret_unreadable`. An outage of the keeper stays a `kms/*`: it is never taken for a corrupt secret.
 */
export function openEnvelope(
  kms: KeyManagementService,
  sealed: SealedSecret,
  context: SecretContext,
  signal?: AbortSignal,
): Promise<Buffer> {
  return envelope.openEnvelope(kms, sealed, contextOf(context), signal).catch(secretUnreadable);
}

/** The same secret with its data key wrapped under the current root key (K3); the ciphertext is handed on untouched and unread. */
export function rewrapEnvelope(
  kms: KeyManagementService,
  sealed: SealedSecret,
  context: SecretContext,
  signal?: AbortSignal,
): Promise<SealedSecret> {
  return envelope.rewrapEnvelope(kms, sealed, contextOf(context), signal).catch(secretUnreadable);
}

function contextOf({ organisationId, credentialId, version }: SecretContext): envelope.EnvelopeContext {
  return { what: 'credential', row: { organisation: organisationId, credential: credentialId, version: String(version) } };
}

function secretUnreadable(error: unknown): never {
  if (error instanceof AppError && error.code === 'kms/unreadable') throw credentialsErrors.secret_unreadable({ cause: error });
  throw error;
}
