import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { backupClassOf } from '../../../contracts/backup-class.js';
import { BlobStore } from '../../../platform/blob/blob-store.js';
import { Settings } from '../../../platform/config/settings.js';
import { DatabaseAddress } from '../../../platform/database/database-address.js';
import { DATA_KEY_BYTES, KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { LiveTable } from '../data/live-schema.js';
import { Snapshot } from '../data/snapshot.js';
import { type BackupContents, type BackupHeader, type BackupPart, dataKeyContext, sealManifest } from './archive/backup-header.js';
import { manifestKey, partKey } from './archive/backup-places.js';
import { measuring } from './archive/measure.js';
import { sealChunks } from './archive/sealed-chunks.js';

/** What was written. */
export interface WrittenBackup {
  readonly tables: number;
  readonly rows: number;
  /** In the store, as it is: compressed and sealed. */
  readonly bytes: number;
}

/** What the parts of one backup have in common. */
interface Writing {
  readonly header: BackupHeader;
  readonly snapshot: Snapshot;
  readonly dataKey: Buffer;
}

const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Writes a snapshot into the blob store: each table streamed, compressed, sealed and put, in bounded memory, and the manifest last. */
@Injectable()
export class WriteBackup {
  constructor(
    private readonly address: DatabaseAddress,
    private readonly blobs: BlobStore,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
  ) {}

  /** See {@link Snapshot.open}. */
  openSnapshot(before: () => Promise<void>): Promise<Snapshot> {
    return Snapshot.open(this.address.url, before);
  }

  /** Raises `blob/*` and `kms/*`. */
  async run(header: BackupHeader, snapshot: Snapshot, signal?: AbortSignal): Promise<WrittenBackup> {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    try {
      const wrappedKey = await this.kms.wrap(dataKey, dataKeyContext(header), signal);
      const parts: BackupPart[] = [];
      let bytes = 0;
      const tables = snapshot.schema.tables.filter(({ table }) => backupClassOf(table) === header.kind);
      for (const [part, table] of tables.entries()) {
        const written = await this.writePart({ header, snapshot, dataKey }, { ...table, part }, signal);
        parts.push(written.part);
        bytes += written.bytes;
      }
      const contents: BackupContents = { migrations: snapshot.schema.migrations, profile: this.settings.profile ?? '', parts };
      bytes += await this.blobs.put(manifestKey(header), sealManifest(header, contents, dataKey, wrappedKey), signal);
      return { tables: parts.length, rows: parts.reduce((sum, { rows }) => sum + rows, 0), bytes };
    } finally {
      dataKey.fill(0);
    }
  }

  private async writePart(
    { header, snapshot, dataKey }: Writing,
    table: LiveTable & { readonly part: number },
    signal?: AbortSignal,
  ): Promise<{ readonly part: BackupPart; readonly bytes: number }> {
    signal?.throwIfAborted();
    const { part, table: name, columns, expiresBy, partitions } = table;
    const described = { part, table: name, columns, expiresBy, partitions };
    const { through, taken } = measuring();
    let bytes = 0;
    const count = await snapshot.read(table, async (rows) => {
      const chunks = sealChunks(dataKey, { backup: header.id, part, name });
      // What goes wrong anywhere on the way destroys the last stream, and with it the put.
      const sealed = pipeline(rows, through, createZstdCompress(COMPRESSION), chunks, () => undefined);
      bytes = await this.blobs.put(partKey(header, { part }), sealed, signal);
    });
    return { part: { ...described, rows: count, ...taken() }, bytes };
  }
}
