import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id } from '../../../kernel/ids.js';
import type { MessageKind } from '../notifications.contract.js';

export type MailId = Id<'mail'>;

/** A mail on its way out. It is gone when the mail server has it, or when it was given up. */
@DataInventory({
  table: 'outgoing_mail',
  description: 'Mails that wait to be handed to the mail server, address and values sealed',
  dataClass: 'operational',
  purpose: 'messages',
  legalBasis: 'contract',
  subject: 'account_holder',
  located: { nowhere: 'address and text are sealed until they are sent' },
  retention: { kind: 'transient', from: 'created_at', within: 'PT26H' },
  export: 'secret_never_exported',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'identifier', kind: 'technical', sealed: 'secret', created_at: 'technical' },
})
@Entity('outgoing_mail')
export class OutgoingMailEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: MailId;

  @Column({ type: 'text' })
  kind: MessageKind;

  @Column({ type: 'bytea' })
  sealed: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}

/** The same as plain data. */
export type OutgoingMailRow = Pick<OutgoingMailEntity, keyof OutgoingMailEntity>;
