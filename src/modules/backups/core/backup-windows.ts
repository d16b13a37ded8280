import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { Settings } from '../../../platform/config/settings.js';

const PRODUCTION_HOURS = 24;

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
  everyHours(): number {
    return this.settings.backupEveryHours ?? (this.settings.environment === 'production' ? PRODUCTION_HOURS : 0);
  }
}
