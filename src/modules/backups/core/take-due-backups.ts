import { Injectable } from '@nestjs/common';
import { type BackupClass, backupClassOf } from '../../../contracts/backup-class.js';
import { declaredTables } from '../../../contracts/data-inventory.js';
import { Clock } from '../../../kernel/clock.js';
import { BackupTables } from '../data/backup-tables.js';
import { BACKUPS_ACTOR } from './backup-catalogue.js';
import { BackupWindows } from './backup-windows.js';
import { type TakenBackup, TakeBackup } from './take-backup.js';

const HOUR_MS = 3_600_000;
/** A key made after the newest backup of keys is lost with the database, so these are never further apart. */
const KEYS_HOURS = 24;

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
    const every = this.windows.everyHours();
    if (every === 0 || this.windows.days(kind) === 0) return false;
    if (kind === 'keys' && !declaredTables().some(({ table }) => backupClassOf(table) === 'keys')) return false;
    const hours = kind === 'keys' ? Math.min(every, KEYS_HOURS) : every;
    const newest = await this.tables.asSystem((tx) => this.tables.backups.newest(tx, kind));
    return newest === null || newest.takenAt.getTime() + hours * HOUR_MS <= this.clock.nowMs();
  }
}
