import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RetryWebhooks } from '../core/webhooks/retry-webhooks.js';

/** Makes the attempts that have come due. */
@Injectable()
export class RetryWebhooksJob extends RecurringJob {
  override readonly name = 'notifications.retry-webhooks';
  override readonly everySeconds = 5;

  constructor(private readonly retry: RetryWebhooks) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.retry.run(signal);
  }
}
