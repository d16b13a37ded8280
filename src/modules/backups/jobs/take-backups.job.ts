import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { AppError } from '../../../kernel/errors.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { ReadBackupState } from '../core/read-backup-state.js';
import { TakeDueBackups } from '../core/take-due-backups.js';

/** Looks every few minutes whether a backup is due, so that one that failed is tried again soon, and measures how old the newest are. */
@Injectable()
export class TakeBackupsJob extends RecurringJob {
  override readonly name = 'backups.take';
  override readonly everySeconds = 300;
  override readonly isLong = true;

  constructor(
    private readonly take: TakeDueBackups,
    private readonly state: ReadBackupState,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    try {
      for (const { id, rows, bytes } of await this.take.run(signal)) {
        this.log.info('took a backup', { component: 'backups', backupId: id, rows, bytes });
      }
    } catch (error) {
      // An operator's own, at the command line.
      if (error instanceof AppError && error.code === 'backups/already_running') return;
      throw error;
    } finally {
      await this.measure();
    }
  }

  private async measure(): Promise<void> {
    for (const { kind, newest, newestSound } of await this.state.run()) {
      if (newest) this.metrics.backupTaken(kind, newest.takenAt);
      if (newestSound) this.metrics.backupFoundWhole(kind, newestSound.takenAt);
    }
  }
}
