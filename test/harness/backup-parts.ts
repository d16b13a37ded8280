// Backups without the application around them, on a database of a test's own: for processes that are killed.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LegalHolds } from '../../src/contracts/legal-holds.js';
import { type Clock, SystemClock } from '../../src/kernel/clock.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { BackupCatalogue } from '../../src/modules/backups/core/backup-catalogue.js';
import { BackupWindows } from '../../src/modules/backups/core/backup-windows.js';
import { CopyErasures } from '../../src/modules/backups/core/erasures/copy-erasures.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { ExpireBackups } from '../../src/modules/backups/core/expire-backups.js';
import { ReadBackupState } from '../../src/modules/backups/core/read-backup-state.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import { TakeBackup } from '../../src/modules/backups/core/take-backup.js';
import { TakeDueBackups } from '../../src/modules/backups/core/take-due-backups.js';
import { WriteBackup } from '../../src/modules/backups/core/write-backup.js';
import { BackupTables } from '../../src/modules/backups/data/backup-tables.js';
import { BackupsRepository } from '../../src/modules/backups/data/backups.repository.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import { InstallationRepository } from '../../src/modules/backups/data/installation.repository.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import type { BlobBody } from '../../src/platform/blob/blob-store.js';
import { DatabaseAddress } from '../../src/platform/database/database-address.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
// Declares that content keys are in a backup of their own.
import '../../src/modules/content/data/content-key.entity.js';
import { TestAuditLog } from './audit-log.js';

/** When something happens to an object: before it, in the middle of its bytes, or when it is done and nobody has been told. */
export type ObjectMoment = 'before' | 'within' | 'after';

type Announce = (moment: ObjectMoment) => Promise<void>;

/** Says when an object is written, read or deleted, and lets whoever listens act at that moment. */
class AnnouncedFolder extends BlobFolder {
  constructor(
    folder: string,
    private readonly announce: Announce,
  ) {
    super(folder);
  }

  override async put(key: string, body: BlobBody, signal?: AbortSignal): Promise<number> {
    await this.announce('before');
    const bytes = await super.put(key, this.announced(body instanceof Uint8Array ? halves(body) : body), signal);
    await this.announce('after');
    return bytes;
  }

  override async get(key: string, signal?: AbortSignal): Promise<Readable> {
    await this.announce('before');
    const source = await super.get(key, signal);
    return Readable.from(this.announced(source, true), { objectMode: false });
  }

  override async delete(key: string): Promise<void> {
    await this.announce('before');
    await super.delete(key);
    await this.announce('after');
  }

  private async *announced(pieces: AsyncIterable<Uint8Array>, isRead = false): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const piece of pieces) {
      yield piece;
      count += 1;
      if (count === 1) await this.announce('within');
    }
    if (isRead) await this.announce('after');
  }
}

async function* halves(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const middle = Math.ceil(bytes.byteLength / 2);
  yield bytes.subarray(0, middle);
  yield bytes.subarray(middle);
}

export interface BackupParts {
  readonly take: TakeBackup;
  readonly restore: RestoreBackup;
  readonly due: TakeDueBackups;
  readonly state: ReadBackupState;
  readonly expire: ExpireBackups;
  readonly archive: BackupArchive;
  readonly copies: CopyErasures;
  readonly log: TestAuditLog;
}

/** `directory` holds the root key and the blobs. */
export async function backupParts(
  url: string,
  directory: string,
  announce: Announce = async () => undefined,
  clock: Clock = new SystemClock(),
): Promise<BackupParts> {
  const log = await TestAuditLog.open(url, { directory, clock, settings: { backupEveryHours: 24 } });
  const { unitOfWork, settings, windows } = log;
  const blobs = new AnnouncedFolder(join(directory, 'blobs'), announce);
  const kms = new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: true });
  const archive = new BackupArchive(blobs, kms);
  const tables = new BackupTables(unitOfWork, new BackupsRepository(), new ErasuresRepository(), new InstallationRepository());
  const catalogue = new BackupCatalogue(tables, archive, log.log, clock);
  const copies = new ErasureCopies(blobs, kms);
  const erasures = new CopyErasures(tables, copies);
  const writer = new WriteBackup(new DatabaseAddress(url, url), blobs, kms, settings);
  const backupWindows = new BackupWindows(windows, settings);
  const take = new TakeBackup(writer, catalogue, erasures, backupWindows);
  const expire = new ExpireBackups(tables, archive, catalogue, backupWindows);
  const due = new TakeDueBackups(tables, take, backupWindows, clock);
  const state = new ReadBackupState(tables, backupWindows, clock);
  return { take, due, state, restore: new RestoreBackup(archive, copies, clock), expire, archive, copies: erasures, log };
}

/** One round of expiry, without its receipts. What is held is rows, of which there are none here. */
export async function sweepAt({ expire }: BackupParts, nowMs: number): Promise<void> {
  const { signal } = new AbortController();
  const removing = (_entries: readonly unknown[], removal: () => Promise<void>): Promise<void> => removal();
  const round = { nowMs, signal, holds: {} as LegalHolds, removing };
  await expire.sweep(round);
}
