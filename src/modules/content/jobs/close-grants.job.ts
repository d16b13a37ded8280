import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { CloseGrant } from '../core/grants/close-grant.js';

/** Writes down which troubleshooting grants have ended by themselves. What they allow ended with their time. */
@Injectable()
export class CloseGrantsJob extends RecurringJob {
  override readonly name = 'content.close-grants';
  override readonly everySeconds = 60;

  constructor(private readonly close: CloseGrant) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.close.closeOverdue()) > 0);
  }
}
