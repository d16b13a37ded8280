import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { SweepStores } from '../core/purge/sweep-stores.js';

/** Sweeps what is in no partition, on its own schedule (peers 18). */
@Injectable()
export class SweepStoresJob extends RecurringJob {
  readonly name = 'retention.sweep';
  readonly everySeconds = 300;
  override readonly isLong = true;

  constructor(private readonly sweeping: SweepStores) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.sweeping.run(signal);
  }
}
