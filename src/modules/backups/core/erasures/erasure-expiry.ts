import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../../contracts/expiring-tables.js';

/** The ledger leaves by the day (D2), as the last backup from before it does. */
@Injectable()
export class ErasureExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    return [{ table: 'erasure', window: { dataClass: 'backup' }, writtenAt: 'recorded_at', organisation: null, fixed: true }];
  }
}
