import { randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../kernel/errors.js';
import { kmsErrors } from './kms.errors.js';
import type { KeyContext } from './key-context.js';

/** Data keys are AES-256 keys: 32 bytes, no more, no less. */
export const DATA_KEY_BYTES = 32;

/** A data key that only the key management service can open. Safe to store beside the ciphertext; see docs/key-management.md on backups. */
export interface WrappedKey {
  /** The wrapping key with its version, such as `local:rk-4f…` or `vault:transit/lethe:v3`. Never a secret. */
  readonly kmsKeyId: string;
  readonly blob: Buffer;
}

/**
 * Wraps data keys under a root key that never leaves its own keeper (K1). Also the injection token; one strategy per keeper.
 *
 * Every failure is an `AppError`: `kms/refused` when this wrapped key cannot be opened (damage, another key, another context),
 * `kms/unavailable` for an outage, `kms/denied` when the keeper does not admit Lethe, `kms/misconfigured` for a wrong setting.
 * Data keys belong to the caller, who overwrites them after use.
 */
export abstract class KeyManagementService {
  /** Wraps a 32-byte data key under the current root key. `context` is bound to it and must be given again to unwrap. */
  abstract wrap(dataKey: Uint8Array, context: KeyContext, signal?: AbortSignal): Promise<WrappedKey>;

  /** The data key, a buffer of its own that the caller overwrites after use. */
  abstract unwrap(wrapped: WrappedKey, context: KeyContext, signal?: AbortSignal): Promise<Buffer>;

  /** The id and version `wrap` would use now. A row whose `kmsKeyId` differs is due for a re-wrap (K3). */
  abstract currentKeyId(signal?: AbortSignal): Promise<string>;

  /** Lets go of connections, sessions and keys held in memory. The service is not used afterwards. */
  abstract dispose(): Promise<void>;

  /**
   * A round trip for readiness and `doctor`. It also proves that the context binds: a keeper too old to know associated data
   * ignores it in silence (Vault before 1.13), and would let a copied row open.
   */
  async check(signal?: AbortSignal): Promise<void> {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    const context = { purpose: 'lethe/kms/check/1', nonce: randomBytes(8).toString('hex') };
    const wrapped = await this.wrap(dataKey, context, signal);
    const opened = await this.unwrap(wrapped, context, signal);
    if (!timingSafeEqual(opened, dataKey))
      throw kmsErrors.misconfigured({ message: 'The key management service returned another key than it was given.' });
    if (await this.opens(wrapped, { ...context, purpose: 'lethe/kms/check/other' }, signal)) {
      throw kmsErrors.misconfigured({
        message:
          'The key management service does not bind a wrapped key to its context. Use a key type and version that support associated data.',
      });
    }
  }

  private async opens(wrapped: WrappedKey, context: KeyContext, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.unwrap(wrapped, context, signal);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'kms/refused') return false;
      throw error;
    }
  }
}

/** Stops a caller that hands over anything but a data key, before it leaves the process. */
export function requireDataKey(dataKey: Uint8Array): void {
  if (dataKey.byteLength !== DATA_KEY_BYTES) throw new Error(`invariant broken: a data key has ${DATA_KEY_BYTES} bytes`);
}

/** The opened key, or `kms/refused` when what was opened is no data key at all. */
export function openedDataKey(bytes: Buffer): Buffer {
  if (bytes.byteLength === DATA_KEY_BYTES) return bytes;
  bytes.fill(0);
  throw kmsErrors.refused();
}
