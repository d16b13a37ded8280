import { Injectable } from '@nestjs/common';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { Settings } from '../../../platform/config/settings.js';

/** Notices, delivery events and the log of webhooks leave by the day, each after its own window (D2). */
@Injectable()
export class NotificationsExpiry extends ExpiringTables {
  constructor(private readonly settings: Settings) {
    super();
  }

  override expiringTables(): readonly ExpiringTable[] {
    const { noticeDays, mailEventDays, webhookLogDays } = this.settings;
    return [
      { table: 'account_notice', windowDays: noticeDays },
      { table: 'organisation_notice', windowDays: noticeDays },
      { table: 'mail_delivery_event', windowDays: mailEventDays },
      { table: 'webhook_event', windowDays: webhookLogDays },
      { table: 'webhook_delivery', windowDays: webhookLogDays },
    ];
  }
}
