import { Injectable } from '@nestjs/common';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { MailDeliveryEventRow } from './mail-delivery-event.entity.js';

/** The transaction must be a system one. */
@Injectable()
export class MailDeliveryEventsRepository {
  /** Whether it was new. */
  async add(tx: Tx, { id, expiresOn, mailId, event, reason, occurredAt }: MailDeliveryEventRow): Promise<boolean> {
    await ensureDayPartition(tx, 'mail_delivery_event', expiresOn);
    const made = await tx.query<unknown[]>(
      `INSERT INTO mail_delivery_event (id, expires_on, mail_id, event, reason, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
      [id, expiresOn, mailId, event, reason, occurredAt],
    );
    return made.length > 0;
  }
}
