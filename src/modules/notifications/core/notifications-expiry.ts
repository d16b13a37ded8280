import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';

/** Notices, delivery events and the log of webhooks leave by the day, each after the window of its class (D2). */
@Injectable()
export class NotificationsExpiry extends ExpiringTables {
  override expiringTables(): readonly ExpiringTable[] {
    const least = { days: 3, reason: 'the delivery of a webhook is tried again for up to three days' };
    const window = { dataClass: 'security_log', least } as const;
    return [
      { table: 'account_notice', window, writtenAt: 'created_at', organisation: null },
      { table: 'organisation_notice', window, writtenAt: 'created_at', organisation: 'organisation_id' },
      { table: 'webhook_event', window, writtenAt: 'created_at', organisation: 'organisation_id' },
      { table: 'webhook_delivery', window, writtenAt: 'created_at', organisation: 'organisation_id' },
      {
        table: 'mail_delivery_event',
        window: { dataClass: 'delivery_event', least: { days: 3, reason: 'services tell of deliveries up to two days late' } },
        writtenAt: 'occurred_at',
        organisation: null,
      },
    ];
  }
}
