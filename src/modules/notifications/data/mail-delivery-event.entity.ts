import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { MailId } from './outgoing-mail.entity.js';

/** What became of a mail after it was handed over, as the delivery service tells. No address, no text, no name of a server. */
@DataInventory({
  table: 'mail_delivery_event',
  description: 'Delivery events of mails: which, what, when and why, without the address',
  dataClass: 'delivery_event',
  subject: 'account_holder',
  located: { nowhere: 'the mail is gone once it is sent: nothing leads from here to a person' },
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { withheld: 'nobody can tell whose it is' },
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'technical',
    expires_on: 'technical',
    mail_id: 'identifier',
    event: 'technical',
    reason: 'technical',
    occurred_at: 'technical',
  },
})
@Entity('mail_delivery_event')
export class MailDeliveryEventEntity {
  /** The service's own id of the event, hashed: the same event told twice is one row. */
  @PrimaryColumn({ type: 'text' })
  id: string;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ name: 'mail_id', type: 'uuid', nullable: true })
  mailId: MailId | null;

  @Column({ type: 'text' })
  event: string;

  @Column({ type: 'text' })
  reason: string;

  @Column({ name: 'occurred_at', type: 'timestamptz' })
  occurredAt: Date;
}

/** The same as plain data. */
export type MailDeliveryEventRow = Pick<MailDeliveryEventEntity, keyof MailDeliveryEventEntity>;
