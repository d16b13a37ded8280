import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { encodeKeyContext, type KeyContext, lengthPrefixed } from './key-context.js';
import { KeyManagementService, openedDataKey, requireDataKey, type WrappedKey } from './key-management-service.js';
import { kmsErrors } from './kms.errors.js';
import { createRootKeyFile, localKeyId, type RootKeys, readRootKeyFile, rootKeyFileStamp } from './root-key-file.js';

const BLOB_VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface LocalRootKeyOptions {
  /** Where the root keys are: LETHE_ROOT_KEY_FILE. */
  readonly path: string;
  /** Whether a missing file is made on first use. For development; production names a file that exists. */
  readonly allowGenerate: boolean;
}

/**
 * Root keys in a file of mode 0600, AES-256-GCM in this process. For development and single hosts: whoever reads the file
 * opens everything, so production belongs in a KMS or an HSM.
 *
 * A blob is `1 ‖ iv(12) ‖ ciphertext ‖ tag(16)`. Random 96-bit nonces are safe for 2³² wraps under one root key (NIST SP
 * 800-38D §8.3): rotate long before. The file is looked at before every use, so a rotated or removed key takes effect at once,
 * and no key is ever wrapped under a root key that is no longer on disk.
 */
export class LocalRootKey extends KeyManagementService {
  private known: RootKeys | undefined;

  constructor(private readonly options: LocalRootKeyOptions) {
    super();
  }

  override async wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey> {
    requireDataKey(dataKey);
    const { current, keys } = await this.rootKeys();
    const kmsKeyId = localKeyId(current);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', keys.get(current) as Buffer, iv);
    cipher.setAAD(associatedData(kmsKeyId, context));
    const sealed = [cipher.update(dataKey), cipher.final()];
    return { kmsKeyId, blob: Buffer.concat([Buffer.of(BLOB_VERSION), iv, ...sealed, cipher.getAuthTag()]) };
  }

  override async unwrap({ kmsKeyId, blob }: WrappedKey, context: KeyContext): Promise<Buffer> {
    const { keys } = await this.rootKeys();
    const rootKey = kmsKeyId.startsWith('local:') ? keys.get(kmsKeyId.slice('local:'.length)) : undefined;
    if (!rootKey || blob.byteLength <= 1 + IV_BYTES + TAG_BYTES || blob[0] !== BLOB_VERSION) throw kmsErrors.refused();
    const decipher = createDecipheriv('aes-256-gcm', rootKey, blob.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(kmsKeyId, context));
    decipher.setAuthTag(blob.subarray(-TAG_BYTES));
    const opened = decipher.update(blob.subarray(1 + IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      opened.fill(0);
      throw kmsErrors.refused();
    }
    return openedDataKey(opened);
  }

  override async currentKeyId(): Promise<string> {
    return localKeyId((await this.rootKeys()).current);
  }

  override async dispose(): Promise<void> {
    for (const key of this.known?.keys.values() ?? []) key.fill(0);
    this.known = undefined;
  }

  private async rootKeys(): Promise<RootKeys> {
    const { path } = this.options;
    const { known } = this;
    if (known && (await rootKeyFileStamp(path)) === known.stamp) return known;
    const found = (await readRootKeyFile(path)) ?? (await this.absent());
    this.known = found;
    return found;
  }

  private async absent(): Promise<RootKeys> {
    const { path, allowGenerate } = this.options;
    // A file that was there and is gone is an outage: a new key in its place would hide the loss of the old one.
    if (this.known) throw kmsErrors.unavailable({ message: `The root key file ${path} is gone.` });
    if (!allowGenerate) {
      throw kmsErrors.misconfigured({
        message: `There is no root key file at ${path}. Set LETHE_ROOT_KEY_FILE to one, or choose a key management service with LETHE_KMS; production never makes a root key by itself.`,
      });
    }
    await createRootKeyFile(path);
    const made = await readRootKeyFile(path);
    if (!made) throw kmsErrors.unavailable({ message: `The root key file ${path} is gone.` });
    return made;
  }
}

function associatedData(kmsKeyId: string, context: KeyContext): Buffer {
  return lengthPrefixed(['lethe/kms/local/1', kmsKeyId, encodeKeyContext(context)]);
}
