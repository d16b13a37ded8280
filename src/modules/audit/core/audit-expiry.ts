import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';

/** Audit events leave by the day (D2). The day is part of the leaf that stands for an event, so it never changes. */
@Injectable()
export class AuditExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    const least = { days: 7, reason: 'bundles and proofs are made of events that are still there' };
    const window = { dataClass: 'audit_log', least } as const;
    return [
      { table: 'audit_event', window, writtenAt: 'occurred_at', organisation: 'organisation_id', fixed: true },
      // An event's place goes with it; the hash of its leaf stays.
      { table: 'audit_position', window, writtenAt: null, organisation: 'organisation_id', fixed: true },
    ];
  }
}
