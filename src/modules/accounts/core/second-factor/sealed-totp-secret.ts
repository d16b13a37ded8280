import { AppError } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import {
  type EnvelopeContext,
  openEnvelope,
  rewrapEnvelope,
  type SealedEnvelope,
  sealEnvelope,
} from '../../../../platform/kms/envelope.js';
import type { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { secondFactorErrors } from '../../second-factor.errors.js';

/** The row a secret belongs to: copied to another account or enrolment it does not open. */
export interface TotpSecretOwner {
  readonly id: TotpFactorId;
  readonly accountId: AccountId;
}

/** Raises `kms/*`. The caller overwrites `secret`, and holds no transaction open. */
export function sealTotpSecret(kms: KeyManagementService, owner: TotpSecretOwner, secret: Buffer): Promise<SealedEnvelope> {
  return sealEnvelope(kms, secret, contextOf(owner));
}

/** In a buffer the caller overwrites after use. Raises `second_factors/secret_unreadable` and `kms/*`. */
export function openTotpSecret(kms: KeyManagementService, factor: TotpSecretOwner & SealedEnvelope): Promise<Buffer> {
  return openEnvelope(kms, factor, contextOf(factor)).catch(unreadable);
}

/** Under the current root key (K3). Raises the same. */
export function rewrapTotpSecret(
  kms: KeyManagementService,
  factor: TotpSecretOwner & SealedEnvelope,
  signal?: AbortSignal,
): Promise<SealedEnvelope> {
  return rewrapEnvelope(kms, factor, contextOf(factor), signal).catch(unreadable);
}

function contextOf({ id, accountId }: TotpSecretOwner): EnvelopeContext {
  return { what: 'totp', row: { account: accountId, factor: id } };
}

function unreadable(error: unknown): never {
  if (error instanceof AppError && error.code === 'kms/unreadable') throw secondFactorErrors.secret_unreadable({ cause: error });
  throw error;
}
