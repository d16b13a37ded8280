import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id, OrganisationId } from '../../../kernel/ids.js';
import type { AuditActor, AuditEntry } from '../audit.contract.js';

export type AuditEventId = Id<'audit_event'>;

/**
 * One row of the audit log. Nobody but the table's owner can change or remove it; it leaves with its day (O6, D2). The columns `recorded_in` and
 * `nonce` fill themselves and are read by the transparency log alone.
 */
@DataInventory({
  table: 'audit_event',
  description: 'Who changed what, and when',
  dataClass: 'audit_log',
  subject: 'operator_staff',
  located: [
    { column: 'actor_id', where: { column: 'actor_kind', is: 'operator' } },
    { subject: 'account_holder', column: 'actor_id', where: { column: 'actor_kind', is: 'account' } },
    { subject: 'account_holder', column: 'target_id', where: { column: 'target_type', is: 'account' } },
  ],
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'auditEvents', without: { actor_id: 'may be about somebody else', nonce: 'says nothing outside the audit log' } },
  erasure: { keep: 'legal_obligation', reason: 'that the rules were kept has to be shown for as long as the log is kept; ids only' },
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    occurred_at: 'technical',
    organisation_id: 'identifier',
    actor_kind: 'technical',
    actor_id: 'personal',
    action: 'technical',
    target_type: 'technical',
    target_id: 'identifier',
    detail: 'tenant_data',
    recorded_in: 'technical',
    nonce: 'technical',
  },
})
@Entity('audit_event')
export class AuditEventEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: AuditEventId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ name: 'occurred_at', type: 'timestamptz' })
  occurredAt: Date;

  @Column({ name: 'organisation_id', type: 'uuid', nullable: true })
  organisationId: OrganisationId | null;

  @Column({ name: 'actor_kind', type: 'text' })
  actorKind: AuditActor['kind'];

  @Column({ name: 'actor_id', type: 'text' })
  actorId: string;

  @Column({ type: 'text' })
  action: AuditEntry['action'];

  @Column({ name: 'target_type', type: 'text' })
  targetType: string;

  @Column({ name: 'target_id', type: 'text' })
  targetId: string;

  @Column({ type: 'jsonb' })
  detail: NonNullable<AuditEntry['detail']>;
}
