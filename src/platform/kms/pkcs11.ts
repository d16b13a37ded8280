import { randomBytes } from 'node:crypto';
import type { AesGCM, Mechanism } from 'pkcs11js';
import { AppError } from '../../kernel/errors.js';
import { withDeadline } from './deadline.js';
import { encodeKeyContext, type KeyContext, lengthPrefixed } from './key-context.js';
import { DATA_KEY_BYTES, KeyManagementService, requireDataKey, type WrappedKey } from './key-management-service.js';
import { kmsCause, kmsErrors } from './kms.errors.js';
import { CKR, findAesKey, nameOf, Pkcs11Token, pkcs11Code, type TokenAccess, type TokenKey, type TokenSession } from './pkcs11-token.js';

export interface Pkcs11Options extends TokenAccess {
  /** The label of an AES-256 key with CKA_ENCRYPT and CKA_DECRYPT: LETHE_PKCS11_KEY_LABEL. */
  readonly keyLabel: string;
  /** For a call in all, waiting for its turn included. 5,000 ms when absent. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const BLOB_VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const BLOB_BYTES = 1 + IV_BYTES + DATA_KEY_BYTES + TAG_BYTES;
const KEY_URI = /^pkcs11:token=([^;]*);object=([^;]*)(?:;id=((?:%[0-9a-f]{2})+))?$/;

const REFUSALS = new Set<number>([
  CKR.ENCRYPTED_DATA_INVALID,
  CKR.ENCRYPTED_DATA_LEN_RANGE,
  CKR.AEAD_DECRYPT_FAILED,
  CKR.DATA_INVALID,
  CKR.DATA_LEN_RANGE,
]);
const AMBIGUOUS = new Set<number>([CKR.GENERAL_ERROR, CKR.FUNCTION_FAILED, CKR.ARGUMENTS_BAD]);
const UNFIT_KEY = new Set<number>([
  CKR.KEY_SIZE_RANGE,
  CKR.KEY_TYPE_INCONSISTENT,
  CKR.KEY_FUNCTION_NOT_PERMITTED,
  CKR.MECHANISM_INVALID,
  CKR.MECHANISM_PARAM_INVALID,
]);

/**
 * An AES-256 key in a PKCS#11 token (an HSM, SoftHSM2), CKM_AES_GCM with the context as associated data. A blob is
 * `1 ‖ iv(12) ‖ ciphertext(32) ‖ tag(16)`; the `kmsKeyId` is a PKCS#11 URI (RFC 7512) of token, label and CKA_ID. To rotate,
 * make a key with a new label and name it in the setting; rows wrapped by the old one open as long as it stays in the token.
 *
 * The encryption itself runs on libuv's thread pool, one call at a time. Opening a session, logging in and finding a key block the
 * event loop, for as long as the vendor's library takes: milliseconds, once per session. Unwraps are rare because callers cache
 * what they open for a short time. A call into a hung library cannot be cancelled; its callers are answered at the deadline.
 */
export class Pkcs11 extends KeyManagementService {
  private readonly token: Pkcs11Token;

  constructor(private readonly options: Pkcs11Options) {
    super();
    this.token = new Pkcs11Token(options);
  }

  override async wrap(dataKey: Uint8Array, context: KeyContext, signal?: AbortSignal): Promise<WrappedKey> {
    requireDataKey(dataKey);
    return this.onToken(signal, async (session) => {
      const key = this.currentKey(session);
      const kmsKeyId = this.uriOf(key);
      return { kmsKeyId, blob: await seal(session, key, dataKey, associatedData(kmsKeyId, context)) };
    });
  }

  override async unwrap({ kmsKeyId, blob }: WrappedKey, context: KeyContext, signal?: AbortSignal): Promise<Buffer> {
    const named = parseUri(kmsKeyId);
    if (named?.token !== this.options.tokenLabel || blob.byteLength !== BLOB_BYTES || blob[0] !== BLOB_VERSION) throw kmsErrors.refused();
    const find = (session: TokenSession): TokenKey => {
      const key = findAesKey(session, named.label, named.id);
      if (key) return key;
      this.currentKey(session); // When even the current key is missing, the token is the problem and not the row.
      throw kmsErrors.refused({ cause: kmsCause('PKCS#11: the wrapping key is no longer in the token') });
    };
    try {
      return await this.onToken(signal, (session) => open(session, find(session), blob, associatedData(kmsKeyId, context)));
    } catch (error) {
      if (!(error instanceof AmbiguousFailure)) throw error;
      await this.onToken(signal, (session) => proveWorking(session, find(session)));
      throw kmsErrors.refused({ cause: error.cause });
    }
  }

  override async currentKeyId(signal?: AbortSignal): Promise<string> {
    return this.onToken(signal, async (session) => this.uriOf(this.currentKey(session)));
  }

  override async dispose(): Promise<void> {
    await this.token.close();
  }

  private currentKey(session: TokenSession): TokenKey {
    const key = findAesKey(session, this.options.keyLabel);
    if (key) return key;
    throw kmsErrors.misconfigured({
      message: `The token holds no AES key labelled "${this.options.keyLabel}". Check LETHE_PKCS11_KEY_LABEL.`,
    });
  }

  private uriOf(key: TokenKey): string {
    const id = [...key.id].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    return `pkcs11:token=${encodeURIComponent(this.options.tokenLabel)};object=${encodeURIComponent(this.options.keyLabel)}${id && `;id=${id}`}`;
  }

  private async onToken<T>(caller: AbortSignal | undefined, use: (session: TokenSession) => Promise<T>): Promise<T> {
    return withDeadline(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS, caller, async (signal) => {
      try {
        return await this.token.use(signal, use);
      } catch (error) {
        throw error instanceof AmbiguousFailure ? error : translated(error);
      }
    });
  }
}

/**
 * A decryption failed with a code that says nothing: SoftHSM2 answers CKR_GENERAL_ERROR to a wrong tag, as others do to a fault of
 * their own. Whether the key still works decides which it was.
 */
class AmbiguousFailure extends Error {}

async function proveWorking(session: TokenSession, key: TokenKey): Promise<void> {
  const sample = randomBytes(DATA_KEY_BYTES);
  const aad = Buffer.from('lethe/kms/pkcs11/probe/1');
  try {
    const opened = await open(session, key, await seal(session, key, sample, aad), aad);
    if (opened.equals(sample)) return;
  } catch (error) {
    if (!(error instanceof AmbiguousFailure)) throw error;
  }
  throw kmsErrors.unavailable({ message: 'The token does not work at the moment. Try again shortly.' });
}

async function seal({ api, module, handle }: TokenSession, key: TokenKey, dataKey: Uint8Array, aad: Buffer): Promise<Buffer> {
  const iv = randomBytes(IV_BYTES);
  const plain = Buffer.from(dataKey);
  try {
    module.C_EncryptInit(handle, aesGcm(api, iv, aad), key.handle);
    const sealed = await module.C_EncryptAsync(handle, plain, Buffer.alloc(DATA_KEY_BYTES + TAG_BYTES));
    return Buffer.concat([Buffer.of(BLOB_VERSION), iv, sealed]);
  } finally {
    plain.fill(0);
  }
}

async function open({ api, module, handle }: TokenSession, key: TokenKey, blob: Buffer, aad: Buffer): Promise<Buffer> {
  // Some libraries write the tag's bytes too before they cut them off, so there is room for all.
  const out = Buffer.alloc(DATA_KEY_BYTES + TAG_BYTES);
  module.C_DecryptInit(handle, aesGcm(api, blob.subarray(1, 1 + IV_BYTES), aad), key.handle);
  try {
    const opened = await module.C_DecryptAsync(handle, blob.subarray(1 + IV_BYTES), out);
    if (opened.byteLength !== DATA_KEY_BYTES) throw kmsErrors.refused();
    const dataKey = Buffer.alloc(DATA_KEY_BYTES);
    opened.copy(dataKey);
    opened.fill(0);
    return dataKey;
  } catch (error) {
    const code = pkcs11Code(error);
    const cause = kmsCause(`PKCS#11: ${nameOf(error)}`);
    if (REFUSALS.has(code)) throw kmsErrors.refused({ cause });
    if (AMBIGUOUS.has(code)) throw new AmbiguousFailure('the token gave no reason', { cause });
    throw error;
  } finally {
    out.fill(0);
  }
}

/** CK_GCM_PARAMS as PKCS#11 2.40 errata 01 lays it out, with `ulIvBits`: the layout that SoftHSM2 and current HSMs read. */
function aesGcm(api: TokenSession['api'], iv: Buffer, aad: Buffer): Mechanism {
  const parameter: AesGCM = { type: api.CK_PARAMS_AES_GCM_v240, iv, ivBits: IV_BYTES * 8, aad, tagBits: TAG_BYTES * 8 };
  return { mechanism: api.CKM_AES_GCM, parameter };
}

function associatedData(kmsKeyId: string, context: KeyContext): Buffer {
  return lengthPrefixed(['lethe/kms/pkcs11/1', kmsKeyId, encodeKeyContext(context)]);
}

function parseUri(kmsKeyId: string): { token: string; label: string; id: Buffer | undefined } | null {
  const match = KEY_URI.exec(kmsKeyId);
  if (!match) return null;
  const [, token = '', label = '', id] = match;
  try {
    return {
      token: decodeURIComponent(token),
      label: decodeURIComponent(label),
      id: id ? Buffer.from(id.replaceAll('%', ''), 'hex') : undefined,
    };
  } catch {
    return null;
  }
}

function translated(error: unknown): Error {
  if (error instanceof AppError) return error;
  const name = nameOf(error);
  const cause = kmsCause(`PKCS#11: ${name}`);
  if (UNFIT_KEY.has(pkcs11Code(error)))
    return kmsErrors.misconfigured({
      cause,
      message: `The token cannot use its key for AES-GCM (${name}). It needs a 256-bit AES key with CKA_ENCRYPT and CKA_DECRYPT.`,
    });
  return kmsErrors.unavailable({ cause, message: `The token does not answer as it should (${name}). Try again shortly.` });
}
