import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RewriteTables } from '../core/leftovers/rewrite-tables.js';

/** Three times within the day that a purge may take (D2): a table that is in use gets another chance. */
@Injectable()
export class RewriteTablesJob extends RecurringJob {
  readonly name = 'retention.rewrite-tables';
  readonly everySeconds = 28_800;
  override readonly isLong = true;

  constructor(private readonly rewriting: RewriteTables) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.rewriting.run(signal);
  }
}
