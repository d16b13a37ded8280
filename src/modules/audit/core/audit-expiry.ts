import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { Settings } from '../../../platform/config/settings.js';

/** Audit events leave by the day (D2). */
@Injectable()
export class AuditExpiry extends ExpiringTables {
  constructor(private readonly settings: Settings) {
    super();
  }

  override expiringTables(): readonly ExpiringTable[] {
    const windowDays = this.settings.auditDays;
    return [
      { table: 'audit_event', windowDays },
      // An event's place goes with it; the hash of its leaf stays.
      { table: 'audit_position', windowDays },
    ];
  }
}
