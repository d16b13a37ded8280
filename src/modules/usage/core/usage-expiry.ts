import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { Settings } from '../../../platform/config/settings.js';

/** The ledger leaves by the day (D2). */
@Injectable()
export class UsageExpiry extends ExpiringTables {
  constructor(private readonly settings: Settings) {
    super();
  }

  override expiringTables(): readonly ExpiringTable[] {
    return [{ table: 'call_record', windowDays: this.settings.requestMetadataDays }];
  }
}
