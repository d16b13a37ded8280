import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { Settings } from '../../../platform/config/settings.js';
import { BACKUPS_ACTOR } from '../core/backup-catalogue.js';
import { latestTakenAt } from '../core/backup-moments.js';
import { DrillBackup } from '../core/drill-backup.js';
import { BackupTables } from '../data/backup-tables.js';

/** Restores the newest backup for a test, when it is time again. */
@Injectable()
export class DrillBackupsJob extends RecurringJob {
  override readonly name = 'backups.drill';
  override readonly everySeconds = 3_600;
  override readonly isLong = true;

  constructor(
    private readonly tables: BackupTables,
    private readonly drill: DrillBackup,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    const days = this.settings.backupDrillDays;
    if (days === 0) return;
    const nowMs = this.clock.nowMs();
    const { newest, last } = await this.tables.asSystem(async (tx) => ({
      newest: await this.tables.backups.newest(tx, 'data', latestTakenAt(nowMs)),
      last: await this.tables.backups.lastVerified(tx),
    }));
    const isDue = last === null || last.getTime() + days * DAY_MS <= nowMs;
    if (newest !== null && isDue) await this.drill.run(BACKUPS_ACTOR, { id: newest.id }, signal);
  }
}
