import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { type BackupClass, backupClassOf } from '../../../contracts/backup-class.js';
import { present } from '../../../kernel/assert.js';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { BlobStore } from '../../../platform/blob/blob-store.js';
import { Settings } from '../../../platform/config/settings.js';
import { DatabaseAddress } from '../../../platform/database/database-address.js';
import { DATA_KEY_BYTES, KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { backupsErrors } from '../backups.errors.js';
import type { LiveTable } from '../data/live-schema.js';
import { Snapshot } from '../data/snapshot.js';
import { type BackupContents, type BackupHeader, type BackupPart, dataKeyContext, sealManifest } from './archive/backup-header.js';
import { manifestKey, partKey } from './archive/backup-places.js';
import { measuring } from './archive/measure.js';
import { sealChunks } from './archive/sealed-chunks.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { BackupWindows } from './backup-windows.js';
import { CopyErasures } from './erasures/copy-erasures.js';

/** What was made. */
export interface TakenBackup extends BackupHeader {
  readonly tables: number;
  readonly rows: number;
  /** In the store, as it is: compressed and sealed. */
  readonly bytes: number;
}

const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/**
 * Takes a backup (D4): every table of one class from one snapshot, streamed, compressed, sealed and put, in bounded memory. It is there when its
 * manifest is, which comes last; what an interrupted one left behind is removed before the next. Erasures made so far are copied out first.
 */
@Injectable()
export class TakeBackup {
  constructor(
    private readonly address: DatabaseAddress,
    private readonly blobs: BlobStore,
    private readonly kms: KeyManagementService,
    private readonly catalogue: BackupCatalogue,
    private readonly erasures: CopyErasures,
    private readonly windows: BackupWindows,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `backups/not_kept`, `backups/already_running`, `backups/not_admitted`, `backups/table_missed`, `backups/replay_due`, `blob/*`, `kms/*`. */
  async run(kind: BackupClass, actor: AuditActor, signal?: AbortSignal): Promise<TakenBackup> {
    const days = this.windows.days(kind);
    if (days === 0) throw backupsErrors.not_kept();
    const installation = await this.catalogue.installation();
    let header: BackupHeader | undefined;
    // Before the snapshot: the days it is kept begin no later than the moment it shows.
    const begin = async (): Promise<void> => {
      await this.catalogue.clearInterrupted(installation, signal);
      await this.erasures.run(signal);
      const takenAt = this.clock.now();
      header = { id: newId(), installation, kind, takenAt, expiresAt: new Date(takenAt.getTime() + days * DAY_MS) };
      await this.catalogue.begin(header);
    };
    let snapshot: Snapshot | undefined;
    try {
      snapshot = await Snapshot.open(this.address.url, begin);
      const taken = await this.write(present(header, 'a backup that has begun'), snapshot, signal);
      await this.catalogue.complete(taken, actor);
      return taken;
    } catch (error) {
      if (header !== undefined) await this.catalogue.fail(header, error instanceof AppError ? error.code : 'backups/interrupted');
      throw error;
    } finally {
      await snapshot?.close();
    }
  }

  private async write(header: BackupHeader, snapshot: Snapshot, signal?: AbortSignal): Promise<TakenBackup> {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    try {
      const wrappedKey = await this.kms.wrap(dataKey, dataKeyContext(header), signal);
      const parts: BackupPart[] = [];
      let bytes = 0;
      const tables = snapshot.tables.filter(({ table }) => backupClassOf(table) === header.kind);
      for (const [part, table] of tables.entries()) {
        const written = await this.writePart({ header, snapshot, dataKey }, { ...table, part }, signal);
        parts.push(written.part);
        bytes += written.bytes;
      }
      const contents: BackupContents = { migrations: snapshot.migrations, profile: this.settings.profile ?? '', parts };
      bytes += await this.blobs.put(manifestKey(header), sealManifest(header, contents, dataKey, wrappedKey), signal);
      return { ...header, tables: parts.length, rows: parts.reduce((sum, { rows }) => sum + rows, 0), bytes };
    } finally {
      dataKey.fill(0);
    }
  }

  private async writePart(
    { header, snapshot, dataKey }: { readonly header: BackupHeader; readonly snapshot: Snapshot; readonly dataKey: Buffer },
    table: LiveTable & { readonly part: number },
    signal?: AbortSignal,
  ): Promise<{ readonly part: BackupPart; readonly bytes: number }> {
    signal?.throwIfAborted();
    const { part, table: name, columns, expiresBy, partitions } = table;
    const described = { part, table: name, columns, expiresBy, partitions };
    const { through, taken } = measuring();
    if (await snapshot.isEmpty(table)) return { part: { ...described, rows: 0, ...taken() }, bytes: 0 };
    const rows = snapshot.copy(table);
    // What goes wrong anywhere on the way destroys the last stream, and with it the put.
    const sealed = pipeline(
      rows,
      through,
      createZstdCompress(COMPRESSION),
      sealChunks(dataKey, { backup: header.id, part, name }),
      () => undefined,
    );
    const bytes = await this.blobs.put(partKey(header, { part }), sealed, signal);
    return { part: { ...described, rows: rows.rowCount, ...taken() }, bytes };
  }
}
