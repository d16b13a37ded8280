import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';

/** Receipts are kept as long as the audit events that repeat them (D2). */
@Injectable()
export class RetentionExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    return [{ table: 'retention_receipt', window: { dataClass: 'audit_log' }, writtenAt: 'began_at', organisation: null, fixed: true }];
  }
}
