import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id } from '../../../kernel/ids.js';

export type NotificationKeyId = Id<'notification_key'>;

/** The one key that everything sealed, hashed or signed in this module is derived from, under a data key of its own. */
@DataInventory({
  table: 'notification_key',
  description: 'The key that mails, webhook secrets, address hashes and unsubscribe links are protected with, sealed',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'installation', reason: 'the key of the installation' },
  export: 'secret_never_exported',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'technical',
    singleton: 'technical',
    format_version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    ciphertext: 'secret',
    created_at: 'technical',
  },
})
@Entity('notification_key')
export class NotificationKeyEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: NotificationKeyId;

  @Column({ type: 'smallint', name: 'format_version' })
  formatVersion: number;

  @Column({ type: 'text', name: 'kms_key_id' })
  kmsKeyId: string;

  @Column({ type: 'bytea', name: 'wrapped_key' })
  wrappedKey: Buffer;

  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}

/** The same as plain data. */
export type NotificationKeyRow = Pick<NotificationKeyEntity, keyof NotificationKeyEntity>;
