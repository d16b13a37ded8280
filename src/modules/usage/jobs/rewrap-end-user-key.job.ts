import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { EndUserKey } from '../core/end-user-key.js';

/** Follows a rotation of the root key by itself (K3). */
@Injectable()
export class RewrapEndUserKeyJob extends RecurringJob {
  override readonly name = 'usage.rewrap-key';
  override readonly everySeconds = 900;

  constructor(private readonly key: EndUserKey) {
    super();
  }

  override async run(): Promise<void> {
    await this.key.rewrap();
  }
}
