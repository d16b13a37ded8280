import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId, TroubleshootingGrantId } from '../../../kernel/ids.js';
import type { GrantReason, GrantScope } from '../core/grants/grant-rules.js';

/** A customer's leave to keep payloads for a while (C5). Who opened and closed it is in the audit log. */
@DataInventory({
  table: 'troubleshooting_grant',
  description: "A customer's leave to keep payloads for a while, with its scope, its reason and its end",
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'troubleshootingGrants' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    scope: 'tenant_data',
    scope_id: 'identifier',
    reason: 'tenant_data',
    ticket: 'tenant_data',
    opened_at: 'technical',
    ends_at: 'technical',
    closed_at: 'technical',
  },
})
@Entity('troubleshooting_grant')
export class TroubleshootingGrantEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: TroubleshootingGrantId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  scope: GrantScope;

  @Column({ type: 'uuid', name: 'scope_id' })
  scopeId: string;

  @Column({ type: 'text' })
  reason: GrantReason;

  @Column({ type: 'text', nullable: true })
  ticket: string | null;

  @Column({ type: 'timestamptz', name: 'opened_at' })
  openedAt: Date;

  @Column({ type: 'timestamptz', name: 'ends_at' })
  endsAt: Date;

  /** Once it is written down that it ended. It lets nothing be kept from `endsAt` on, written down or not. */
  @Column({ type: 'timestamptz', name: 'closed_at', nullable: true })
  closedAt: Date | null;
}

export type TroubleshootingGrantRow = Pick<TroubleshootingGrantEntity, keyof TroubleshootingGrantEntity>;
