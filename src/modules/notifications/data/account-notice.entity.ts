import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, Id } from '../../../kernel/ids.js';
import type { MessageKind, MessageValues } from '../notifications.contract.js';

export type NoticeId = Id<'notice'>;

/** Something an account is told when it signs in. */
@DataInventory({
  table: 'account_notice',
  description: 'Notices to accounts inside the product',
  dataClass: 'security_log',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'notices' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    account_id: 'personal',
    kind: 'technical',
    detail: 'personal',
    created_at: 'technical',
    read_at: 'personal',
  },
})
@Entity('account_notice')
export class AccountNoticeEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: NoticeId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ type: 'text' })
  kind: MessageKind;

  @Column({ type: 'jsonb' })
  detail: MessageValues;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'read_at', type: 'timestamptz', nullable: true })
  readAt: Date | null;
}
