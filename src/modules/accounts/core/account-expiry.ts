import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { LONGEST_LINK_DAYS } from './links/link-kinds.js';

/** Mailed links leave with the day they expire on (D2). */
@Injectable()
export class AccountExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    return [
      { table: 'account_ticket', window: { shortestDays: 0, longestDays: LONGEST_LINK_DAYS }, writtenAt: 'created_at', organisation: null },
    ];
  }
}
