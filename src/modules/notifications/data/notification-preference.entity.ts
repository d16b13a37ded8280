import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId } from '../../../kernel/ids.js';

/** What an account has said about mails of one category. No row: it has said nothing, and gets them. */
@DataInventory({
  table: 'notification_preference',
  description: 'Which messages an account wants by mail',
  dataClass: 'account_profile',
  purpose: 'messages',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'notificationPreferences' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', category: 'technical', by_mail: 'technical', updated_at: 'technical' },
})
@Entity('notification_preference')
export class NotificationPreferenceEntity {
  @PrimaryColumn({ type: 'uuid', name: 'account_id' })
  accountId: AccountId;

  @PrimaryColumn({ type: 'text' })
  category: string;

  @Column({ type: 'boolean', name: 'by_mail' })
  byMail: boolean;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

/** The same as plain data. */
export type PreferenceRow = Pick<NotificationPreferenceEntity, keyof NotificationPreferenceEntity>;
