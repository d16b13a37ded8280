import { Injectable } from '@nestjs/common';
import { type BackupClass, backupClassOf } from '../../../contracts/backup-class.js';
import { declaredTables } from '../../../contracts/data-inventory.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { Settings } from '../../../platform/config/settings.js';

const PRODUCTION_HOURS = 24;
/** A key made after the newest backup of keys is lost with the database, so these are never further apart. */
const KEYS_HOURS = 24;

/** How long each kind of backup is kept and how often one is made: the profile's window for backups, and for keys the operator's if that is less. */
@Injectable()
export class BackupWindows {
  constructor(
    private readonly windows: RetentionWindows,
    private readonly settings: Settings,
  ) {}

  days(kind: BackupClass): number {
    const days = this.windows.days('backup', null);
    return kind === 'keys' ? Math.min(days, this.settings.backupKeyDays) : days;
  }

  /** Hours between two; 0 when none is made by itself. */
  everyHours(kind: BackupClass): number {
    const every = this.settings.backupEveryHours ?? (this.settings.environment === 'production' ? PRODUCTION_HOURS : 0);
    if (every === 0 || this.days(kind) === 0) return 0;
    if (kind === 'data') return every;
    return declaredTables().some(({ table }) => backupClassOf(table) === 'keys') ? Math.min(every, KEYS_HOURS) : 0;
  }
}
