import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import { Clock } from '../../../kernel/clock.js';
import { BackupTables } from '../data/backup-tables.js';
import { BACKUPS_ACTOR } from './backup-catalogue.js';
import { latestTakenAt } from './backup-moments.js';
import { BackupWindows } from './backup-windows.js';
import { type TakenBackup, TakeBackup } from './take-backup.js';

const HOUR_MS = 3_600_000;

/** Takes the backups that are due by the clock. */
@Injectable()
export class TakeDueBackups {
  constructor(
    private readonly tables: BackupTables,
    private readonly take: TakeBackup,
    private readonly windows: BackupWindows,
    private readonly clock: Clock,
  ) {}

  async run(signal?: AbortSignal): Promise<TakenBackup[]> {
    const taken: TakenBackup[] = [];
    // Keys behind data: so the newest keys open whatever the newest data holds.
    for (const kind of ['data', 'keys'] as const) {
      if (await this.isDue(kind)) taken.push(await this.take.run(kind, BACKUPS_ACTOR, signal));
    }
    return taken;
  }

  private async isDue(kind: BackupClass): Promise<boolean> {
    const hours = this.windows.everyHours(kind);
    if (hours === 0) return false;
    const nowMs = this.clock.nowMs();
    // One of a time that has not come yet would put the next off for as long.
    const newest = await this.tables.asSystem((tx) => this.tables.backups.newest(tx, kind, latestTakenAt(nowMs)));
    return newest === null || newest.takenAt.getTime() + hours * HOUR_MS <= nowMs;
  }
}
