import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RewrapCredentials } from '../core/rewrap-credentials.js';

/** Follows a rotation of the root key by itself; `lethe` can do the same at once. Costs one query when there is nothing to do. */
@Injectable()
export class RewrapCredentialsJob extends RecurringJob {
  override readonly name = 'credentials.rewrap';
  override readonly everySeconds = 900;

  constructor(private readonly rewrap: RewrapCredentials) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.rewrap.run(signal);
  }
}
