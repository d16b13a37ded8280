import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { backupsErrors, damagedTable } from '../backups.errors.js';
import { BackupArchive } from './archive/backup-archive.js';
import type { BackupHeader, BackupId } from './archive/backup-header.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { RestoreBackup, type RestoredBackup } from './restore/restore-backup.js';
import { ScratchPlace } from './restore/scratch-place.js';
import { TargetDatabase } from './restore/target-database.js';

/** Errors that say something about the backup; others, about what stood in the way of looking. */
const UNSOUND = new Set(['backups/damaged', 'backups/foreign']);

/** Verifies a backup by restoring it (D4): into a database of its own, with every row counted there, which is then thrown away. */
@Injectable()
export class DrillBackup {
  constructor(
    private readonly restore: RestoreBackup,
    private readonly archive: BackupArchive,
    private readonly catalogue: BackupCatalogue,
    private readonly scratch: ScratchPlace,
  ) {}

  /**
   * The newest backup of data unless `id` names one. `into`: an empty database to use instead of a throw-away one; what is in it afterwards is
   * the caller's to drop. Records the outcome. Raises `backups/damaged` for a backup that does not come back whole, `backups/not_found`, and
   * `backups/no_scratch` where there is no place for it.
   */
  async run(
    actor: AuditActor,
    { id, into }: { readonly id?: BackupId; readonly into?: string } = {},
    signal?: AbortSignal,
  ): Promise<RestoredBackup> {
    const header = await this.chosen(id);
    try {
      const restored = await (into === undefined
        ? this.scratch.run((url) => this.restoreInto(url, header, signal))
        : this.restoreInto(into, header, signal));
      await this.catalogue.verified(header, true, actor);
      return restored;
    } catch (error) {
      if (error instanceof AppError && UNSOUND.has(error.code)) await this.catalogue.verified(header, false, actor);
      throw error;
    }
  }

  private async chosen(id: BackupId | undefined): Promise<BackupHeader> {
    const installation = await this.catalogue.installation();
    const header =
      id === undefined ? (await this.archive.list(installation)).filter(({ kind }) => kind === 'data').at(-1) : await this.archive.find(id);
    if (header === undefined) throw backupsErrors.not_found({ message: 'There is no backup yet. `lethe backup` takes one.' });
    return header;
  }

  private async restoreInto(ownerUrl: string, header: BackupHeader, signal?: AbortSignal): Promise<RestoredBackup> {
    const restored = await this.restore.run(header.id, { ownerUrl, replace: false, keepExpired: true }, signal);
    const opened = await this.archive.open(await this.archive.find(header.id), signal);
    const target = await TargetDatabase.open(ownerUrl);
    try {
      for (const { table, rows } of opened.parts) {
        if ((await target.count(table)) !== rows) throw damagedTable(table);
      }
      return restored;
    } finally {
      opened.close();
      await target.close();
    }
  }
}
