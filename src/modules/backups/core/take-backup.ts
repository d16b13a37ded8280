import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import { present } from '../../../kernel/assert.js';
import { AppError } from '../../../kernel/errors.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { backupsErrors } from '../backups.errors.js';
import type { Snapshot } from '../data/snapshot.js';
import type { BackupHeader } from './archive/backup-header.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { BackupWindows } from './backup-windows.js';
import { CopyErasures } from './erasures/copy-erasures.js';
import { WriteBackup, type WrittenBackup } from './write-backup.js';

/** What was made. */
export type TakenBackup = BackupHeader & WrittenBackup;

/**
 * Takes a backup (D4): every table of one class from one snapshot. It is there when its manifest is, which comes last; what an interrupted one left
 * behind is removed before the next. Erasures made so far are copied out first.
 */
@Injectable()
export class TakeBackup {
  constructor(
    private readonly writer: WriteBackup,
    private readonly catalogue: BackupCatalogue,
    private readonly erasures: CopyErasures,
    private readonly windows: BackupWindows,
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
      header = await this.catalogue.begin(installation, kind, days);
    };
    let snapshot: Snapshot | undefined;
    try {
      snapshot = await this.writer.openSnapshot(begin);
      const begun = present(header, 'a backup that has begun');
      const taken = { ...begun, ...(await this.writer.run(begun, snapshot, signal)) };
      // While it is open nobody can make a partition, also not the one in which this goes on record after a clock has jumped.
      await snapshot.close();
      await this.catalogue.complete(taken, actor);
      return taken;
    } catch (error) {
      if (header !== undefined) await this.catalogue.fail(header, error instanceof AppError ? error.code : 'backups/interrupted');
      throw error;
    } finally {
      await snapshot?.close();
    }
  }
}
