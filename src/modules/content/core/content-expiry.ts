import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { PolicyProfile } from '../../../contracts/policy-profile.js';
import { DAY_MS } from '../../../kernel/clock.js';
import { CONTENT_TABLES } from '../data/content-rows.js';

const COLUMNS = { writtenAt: 'written_at', organisation: 'organisation_id' };

/** Content leaves by the day (D2). What was kept under a grant has the profile's window for grants, whatever becomes of the others. */
@Injectable()
export class ContentExpiry extends ExpiringTables {
  constructor(private readonly profile: PolicyProfile) {
    super();
  }

  override expiringTables(): readonly ExpiringTable[] {
    const { grantDays } = this.profile.content;
    return [
      { table: CONTENT_TABLES.payload, window: { dataClass: 'payload' }, ...COLUMNS },
      { table: CONTENT_TABLES.failed_input, window: { dataClass: 'failed_input' }, ...COLUMNS },
      { table: CONTENT_TABLES.granted, window: { shortestDays: 0, longestDays: grantDays }, ...COLUMNS },
    ];
  }
}

/** The moment a UTC day (`YYYY-MM-DD`) is over: content that is kept to its end is due then. */
export function endOfUtcDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
}
