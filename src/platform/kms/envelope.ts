import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../kernel/errors.js';
import { encodeKeyContext, type KeyContext } from './key-context.js';
import { DATA_KEY_BYTES, type KeyManagementService } from './key-management-service.js';
import { kmsErrors } from './kms.errors.js';

const ENVELOPE_FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed value belongs to. Both layers are bound to it, so the ciphertext opens nowhere else (K1). */
export interface EnvelopeContext {
  /** What kind of thing it is, such as `credential`: the domain that keeps one use of envelopes from opening another's. */
  readonly what: string;
  /** The row: ids and versions only, since AWS logs them. */
  readonly row: KeyContext;
}

/** A value at rest: AES-256-GCM under a data key of its own, and that data key wrapped by the key management service. */
export interface SealedEnvelope {
  readonly formatVersion: number;
  readonly kmsKeyId: string;
  readonly wrappedKey: Buffer;
  /** `iv(12) ‖ ciphertext ‖ tag(16)` */
  readonly ciphertext: Buffer;
}

/**
 * Seals `plaintext` under a fresh data key. The caller overwrites `plaintext`, and holds no transaction open. Raises `kms/*` when no key can
 * be wrapped.
 */
export async function sealEnvelope(
  kms: KeyManagementService,
  plaintext: Buffer,
  context: EnvelopeContext,
  signal?: AbortSignal,
): Promise<SealedEnvelope> {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  try {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', dataKey, iv);
    cipher.setAAD(associatedData(context));
    const ciphertext = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    const { kmsKeyId, blob } = await kms.wrap(dataKey, dataKeyContext(context), signal);
    return { formatVersion: ENVELOPE_FORMAT, kmsKeyId, wrappedKey: blob, ciphertext };
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The value, in a buffer the caller overwrites after use. Damage, truncation, another row's context and another key all end in the one error
 * `kms/unreadable`. A key management service that does not answer or admit us stays `kms/unavailable`, `kms/denied` or `kms/misconfigured`:
 * an outage is never taken for corruption.
 */
export async function openEnvelope(
  kms: KeyManagementService,
  sealed: SealedEnvelope,
  context: EnvelopeContext,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (sealed.formatVersion !== ENVELOPE_FORMAT) throw unreadable('the envelope is of an unknown format');
  if (sealed.ciphertext.byteLength < IV_BYTES + TAG_BYTES) throw unreadable('the ciphertext is cut short');
  const dataKey = await unwrapDataKey(kms, sealed, context, signal);
  try {
    return decrypt(dataKey, sealed.ciphertext, associatedData(context));
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The same value with its data key wrapped under the current root key (K3). The ciphertext is handed on untouched and unread.
 * The new wrapped key is opened once before it is returned: whoever stores it gives up the only other one.
 */
export async function rewrapEnvelope(
  kms: KeyManagementService,
  sealed: SealedEnvelope,
  context: EnvelopeContext,
  signal?: AbortSignal,
): Promise<SealedEnvelope> {
  if (sealed.formatVersion !== ENVELOPE_FORMAT) throw unreadable('the envelope is of an unknown format');
  const dataKey = await unwrapDataKey(kms, sealed, context, signal);
  try {
    const { kmsKeyId, blob } = await kms.wrap(dataKey, dataKeyContext(context), signal);
    const rewrapped = { ...sealed, kmsKeyId, wrappedKey: blob };
    const readBack = await unwrapDataKey(kms, rewrapped, context, signal);
    const same = timingSafeEqual(readBack, dataKey);
    readBack.fill(0);
    if (!same) throw unreadable('the re-wrapped key does not open to the same data key');
    return rewrapped;
  } finally {
    dataKey.fill(0);
  }
}

async function unwrapDataKey(
  kms: KeyManagementService,
  sealed: SealedEnvelope,
  context: EnvelopeContext,
  signal?: AbortSignal,
): Promise<Buffer> {
  try {
    return await kms.unwrap({ kmsKeyId: sealed.kmsKeyId, blob: sealed.wrappedKey }, dataKeyContext(context), signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'kms/refused') throw kmsErrors.unreadable({ cause: error });
    throw error;
  }
}

function decrypt(dataKey: Buffer, sealed: Buffer, boundTo: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', dataKey, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const opened = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
  try {
    decipher.final();
    return opened;
  } catch {
    opened.fill(0);
    throw unreadable('the ciphertext does not match its key and context');
  }
}

/** What the wrapped key is bound to. */
function dataKeyContext({ what, row }: EnvelopeContext): KeyContext {
  return { purpose: `lethe/${what}/data-key/1`, ...row };
}

/** What the value itself is bound to; a domain of its own, so neither layer's output passes for the other's. */
function associatedData({ what, row }: EnvelopeContext): Buffer {
  return encodeKeyContext({ purpose: `lethe/${what}/secret/1`, ...row });
}

/** One error for every reason, so that the answer tells an attacker nothing; the reason is in the log. */
function unreadable(reason: string): AppError {
  return kmsErrors.unreadable({ cause: new Error(reason) });
}
