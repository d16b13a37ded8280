// Backups without the application around them, on a database of a test's own: for processes that are killed.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { SystemClock } from '../../src/kernel/clock.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { BackupCatalogue } from '../../src/modules/backups/core/backup-catalogue.js';
import { BackupWindows } from '../../src/modules/backups/core/backup-windows.js';
import { CopyErasures } from '../../src/modules/backups/core/erasures/copy-erasures.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import { TakeBackup } from '../../src/modules/backups/core/take-backup.js';
import { WriteBackup } from '../../src/modules/backups/core/write-backup.js';
import { BackupTables } from '../../src/modules/backups/data/backup-tables.js';
import { BackupsRepository } from '../../src/modules/backups/data/backups.repository.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import { InstallationRepository } from '../../src/modules/backups/data/installation.repository.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import type { BlobBody } from '../../src/platform/blob/blob-store.js';
import { DatabaseAddress } from '../../src/platform/database/database-address.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { TestAuditLog } from './audit-log.js';

/** Says when an object is read or written, and lets whoever listens act before it happens. */
class AnnouncedFolder extends BlobFolder {
  constructor(
    folder: string,
    private readonly announce: () => Promise<void>,
  ) {
    super(folder);
  }

  override async put(key: string, body: BlobBody, signal?: AbortSignal): Promise<number> {
    await this.announce();
    return super.put(key, body, signal);
  }

  override async get(key: string, signal?: AbortSignal): Promise<Readable> {
    await this.announce();
    return super.get(key, signal);
  }
}

export interface BackupParts {
  readonly take: TakeBackup;
  readonly restore: RestoreBackup;
  readonly archive: BackupArchive;
  readonly log: TestAuditLog;
}

/** `directory` holds the root key and the blobs. */
export async function backupParts(
  url: string,
  directory: string,
  announce: () => Promise<void> = async () => undefined,
): Promise<BackupParts> {
  const log = await TestAuditLog.open(url, { directory });
  const { unitOfWork, settings, windows } = log;
  const clock = new SystemClock();
  const blobs = new AnnouncedFolder(join(directory, 'blobs'), announce);
  const kms = new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: true });
  const archive = new BackupArchive(blobs, kms);
  const tables = new BackupTables(unitOfWork, new BackupsRepository(), new ErasuresRepository(), new InstallationRepository());
  const catalogue = new BackupCatalogue(tables, archive, log.log, clock);
  const copies = new ErasureCopies(blobs, kms);
  const erasures = new CopyErasures(tables, copies);
  const writer = new WriteBackup(new DatabaseAddress(url, url), blobs, kms, settings);
  const take = new TakeBackup(writer, catalogue, erasures, new BackupWindows(windows, settings));
  return { take, restore: new RestoreBackup(archive, copies, clock), archive, log };
}
