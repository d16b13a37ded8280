import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Settings } from '../../../platform/config/settings.js';
import { WatchKeys } from '../core/watch-keys.js';

/** Looks for keys that go far beyond their habit, unless `LETHE_ABUSE_ACTION` is `off`. */
@Injectable()
export class WatchKeysJob extends RecurringJob {
  readonly name = 'usage.watch-keys';
  readonly everySeconds = 30;

  constructor(
    private readonly watching: WatchKeys,
    private readonly settings: Settings,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    if (this.settings.abuseAction !== 'off') await this.watching.run(signal);
  }
}
