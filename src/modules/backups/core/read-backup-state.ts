import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import { Clock } from '../../../kernel/clock.js';
import { BackupTables } from '../data/backup-tables.js';
import type { CatalogueRow } from '../data/backups.repository.js';
import { isAhead, latestTakenAt } from './backup-moments.js';
import { BackupWindows } from './backup-windows.js';

/** How one kind of backup stands. */
export interface BackupState {
  readonly kind: BackupClass;
  /** Hours between two; 0 when none is made by itself. */
  readonly everyHours: number;
  readonly newest: CatalogueRow | null;
  /** The newest that a test restore has found whole; only data is restored for a test. */
  readonly newestSound: CatalogueRow | null;
  /** One of a time that has not come yet: the clock was wrong then, or is now. */
  readonly ahead: CatalogueRow | null;
}

/** What the catalogue says of the backups there are: for metrics and `doctor`. */
@Injectable()
export class ReadBackupState {
  constructor(
    private readonly tables: BackupTables,
    private readonly windows: BackupWindows,
    private readonly clock: Clock,
  ) {}

  run(): Promise<BackupState[]> {
    const nowMs = this.clock.nowMs();
    const before = latestTakenAt(nowMs);
    return this.tables.asSystem(async (tx) => {
      const { backups } = this.tables;
      const complete = await backups.inState(tx, 'complete');
      const states: BackupState[] = [];
      for (const kind of ['data', 'keys'] as const) {
        states.push({
          kind,
          everyHours: this.windows.everyHours(kind),
          newest: await backups.newest(tx, kind, before),
          newestSound: await backups.newest(tx, kind, before, { sound: true }),
          ahead: complete.find((each) => each.kind === kind && isAhead(each, nowMs)) ?? null,
        });
      }
      return states;
    });
  }
}
