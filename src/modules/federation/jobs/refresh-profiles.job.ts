import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RefreshProfiles } from '../core/refresh-profiles.js';

/** Asks providers again about people whose profile is older than a few hours. Costs one query when nobody is due. */
@Injectable()
export class RefreshProfilesJob extends RecurringJob {
  override readonly name = 'federation.refresh-profiles';
  override readonly everySeconds = 300;

  constructor(private readonly profiles: RefreshProfiles) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.profiles.run(signal);
  }
}
