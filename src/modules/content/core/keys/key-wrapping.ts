import { createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { KeyContext } from '../../../../platform/kms/key-context.js';
import { DATA_KEY_BYTES, type KeyManagementService, type WrappedKey } from '../../../../platform/kms/key-management-service.js';
import { contentErrors } from '../../content.errors.js';

/** The row a content key is wrapped for: it opens in no other. */
export interface KeyPlace {
  readonly organisationId: OrganisationId;
  readonly version: number;
}

function contextOf({ organisationId, version }: KeyPlace): KeyContext {
  return { purpose: 'lethe/content-key/1', organisation: organisationId, version: String(version) };
}

/** A fresh content key, wrapped. Raises `kms/*`. */
export async function wrapNewKey(kms: KeyManagementService, place: KeyPlace): Promise<WrappedKey> {
  const key = randomBytes(DATA_KEY_BYTES);
  try {
    return await kms.wrap(key, contextOf(place));
  } finally {
    key.fill(0);
  }
}

/**
 * The key, as an object of the crypto library: its bytes lie outside the JavaScript heap and are cleared when it is freed. Raises `content/unreadable`
 * for a damaged or foreign wrapping; an outage stays a `kms/*`.
 */
export async function unwrapKey(kms: KeyManagementService, wrapped: WrappedKey, place: KeyPlace): Promise<KeyObject> {
  const bytes = await open(kms, wrapped, place);
  try {
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** The same key wrapped under the current root key (K3), and opened once more before it is handed back: whoever stores it gives up the only other one. */
export async function rewrapKey(kms: KeyManagementService, wrapped: WrappedKey, place: KeyPlace): Promise<WrappedKey> {
  const key = await open(kms, wrapped, place);
  try {
    const rewrapped = await kms.wrap(key, contextOf(place));
    const readBack = await open(kms, rewrapped, place);
    const isSame = timingSafeEqual(readBack, key);
    readBack.fill(0);
    if (!isSame) throw contentErrors.unreadable();
    return rewrapped;
  } finally {
    key.fill(0);
  }
}

async function open(kms: KeyManagementService, wrapped: WrappedKey, place: KeyPlace): Promise<Buffer> {
  try {
    return await kms.unwrap(wrapped, contextOf(place));
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'kms/refused') throw contentErrors.unreadable({ cause });
    throw cause;
  }
}
