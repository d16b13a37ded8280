import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RollUpUsage } from '../core/rollups/roll-up-usage.js';

/** Keeps usage by hour and day up with the ledger. */
@Injectable()
export class RollUpUsageJob extends RecurringJob {
  readonly name = 'usage.roll-up';
  readonly everySeconds = 60;

  constructor(private readonly rollUp: RollUpUsage) {
    super();
  }

  override run(signal: AbortSignal): Promise<void> {
    return this.rollUp.run(signal);
  }
}
