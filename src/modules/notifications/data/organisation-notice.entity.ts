import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { MessageKind, MessageValues } from '../notifications.contract.js';
import type { NoticeId } from './account-notice.entity.js';

/** Something an organisation is told: its owners and admins read it, and one of them puts it away. */
@DataInventory({
  table: 'organisation_notice',
  description: 'Notices to organisations inside the product',
  dataClass: 'security_log',
  subject: 'organisation',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'organisationNotices' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    organisation_id: 'identifier',
    kind: 'technical',
    detail: 'tenant_data',
    created_at: 'technical',
    read_at: 'technical',
  },
})
@Entity('organisation_notice')
export class OrganisationNoticeEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: NoticeId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  kind: MessageKind;

  @Column({ type: 'jsonb' })
  detail: MessageValues;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'read_at', type: 'timestamptz', nullable: true })
  readAt: Date | null;
}
