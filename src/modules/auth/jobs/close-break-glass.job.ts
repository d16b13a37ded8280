import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { CloseBreakGlass } from '../core/break-glass/close-break-glass.js';

/** Writes into the organisation's audit log that a grant has closed itself. Nothing waits for it: a grant past its end opens nothing. */
@Injectable()
export class CloseBreakGlassJob extends RecurringJob {
  readonly name = 'auth.close-break-glass';
  readonly everySeconds = 30;

  constructor(private readonly closing: CloseBreakGlass) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    let closed = 1;
    while (closed > 0 && !signal.aborted) closed = await this.closing.closeOverdue();
  }
}
