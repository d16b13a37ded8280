import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';

const LEAST = { days: 1, reason: 'budgets are settled and calls are billed by their records' };

const LEAST_SUMS = { days: 3, reason: 'a day is summed after it has ended' };

/** The ledger leaves by the day (D2), and so does what is summed of it. Statistics tell of nobody: theirs is the longest window of any plan. */
@Injectable()
export class UsageExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    return [
      {
        table: 'call_record',
        window: { dataClass: 'request_metadata', least: LEAST },
        writtenAt: 'started_at',
        organisation: 'organisation_id',
      },
      {
        table: 'usage_rollup',
        window: { dataClass: 'usage_aggregate', least: LEAST_SUMS },
        writtenAt: 'bucket_start',
        organisation: 'organisation_id',
      },
      { table: 'usage_statistic', window: { dataClass: 'usage_aggregate' }, writtenAt: null, organisation: null },
    ];
  }
}
