import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RunRetention } from '../core/run-retention.js';

/** Purges on its own schedule, whether or not anything is written or read (peers 18). */
@Injectable()
export class MaintainPartitionsJob extends RecurringJob {
  readonly name = 'retention.maintain-partitions';
  readonly everySeconds = 600;
  override readonly isLong = true;

  constructor(private readonly retention: RunRetention) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.retention.run(signal);
  }
}
