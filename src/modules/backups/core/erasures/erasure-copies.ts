import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { newId } from '../../../../kernel/ids.js';
import { type BlobFacts, BlobStore } from '../../../../platform/blob/blob-store.js';
import { openEnvelope, type SealedEnvelope, sealEnvelope } from '../../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { backupsErrors } from '../../backups.errors.js';
import { ERASURES_PREFIX } from '../../data/backup-stores.inventory.js';
import type { ErasureRow } from '../../data/erasures.repository.js';

const FORMAT = 'lethe-erasures/1';
/** Of a copy: more than a full batch takes. */
const MAX_COPY_BYTES = 4 * 1024 * 1024;
const WHAT = 'erasure-ledger';

/** The ledger's copies in the blob store: an object a batch, named by the day the last of its records expires, sealed to its name. */
@Injectable()
export class ErasureCopies {
  constructor(
    private readonly blobs: BlobStore,
    private readonly kms: KeyManagementService,
  ) {}

  /** Keeps records; answers the name of the copy. */
  async write(installation: string, records: readonly ErasureRow[], signal?: AbortSignal): Promise<string> {
    const lastDay = records.reduce((day, { expiresOn }) => (expiresOn > day ? expiresOn : day), '');
    const key = `${ERASURES_PREFIX}/${installation}/${lastDay}/${newId()}`;
    const plaintext = Buffer.from(JSON.stringify(records));
    const { formatVersion, kmsKeyId, wrappedKey, ciphertext } = await sealEnvelope(
      this.kms,
      plaintext,
      { what: WHAT, row: { key } },
      signal,
    );
    const copy = {
      format: FORMAT,
      formatVersion,
      kmsKeyId,
      wrappedKey: wrappedKey.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
    };
    await this.blobs.put(key, Buffer.from(JSON.stringify(copy)), signal);
    return key;
  }

  /** The records of a copy. Raises `backups/damaged`, `kms/*` and `blob/*`: a copy that cannot be read may hold an erasure. */
  async read(key: string): Promise<ErasureRow[]> {
    const facts = await this.blobs.stat(key);
    if (facts === null || facts.bytes > MAX_COPY_BYTES) throw backupsErrors.damaged();
    const sealed = envelopeOf(await buffer(await this.blobs.get(key)));
    const opened = await openEnvelope(this.kms, sealed, { what: WHAT, row: { key } });
    const records = JSON.parse(opened.toString('utf8')) as (Omit<ErasureRow, 'recordedAt'> & { recordedAt: string })[];
    return records.map((record) => ({ ...record, recordedAt: new Date(record.recordedAt) }));
  }

  /** Every copy of an installation, those that expire first first. */
  async *list(installation: string): AsyncGenerator<BlobFacts & { readonly lastDay: string }> {
    let after: string | null = '';
    while (after !== null) {
      const page = await this.blobs.list(`${ERASURES_PREFIX}/${installation}/`, after === '' ? {} : { after });
      for (const blob of page.blobs) yield { ...blob, lastDay: blob.key.split('/')[2] ?? '' };
      after = page.next;
    }
  }

  async remove(key: string, signal?: AbortSignal): Promise<void> {
    await this.blobs.delete(key, signal);
  }
}

function envelopeOf(bytes: Buffer): SealedEnvelope {
  try {
    const { format, formatVersion, kmsKeyId, wrappedKey, ciphertext } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (format === FORMAT && typeof formatVersion === 'number' && typeof kmsKeyId === 'string') {
      if (typeof wrappedKey === 'string' && typeof ciphertext === 'string')
        return { formatVersion, kmsKeyId, wrappedKey: Buffer.from(wrappedKey, 'base64'), ciphertext: Buffer.from(ciphertext, 'base64') };
    }
  } catch {
    // Not even JSON.
  }
  throw backupsErrors.damaged();
}
