import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';

const LEAST = { days: 1, reason: 'budgets are settled and calls are billed by their records' };

/** The ledger leaves by the day (D2). */
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
    ];
  }
}
