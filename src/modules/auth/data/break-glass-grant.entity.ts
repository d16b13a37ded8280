import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { BreakGlassId, OperatorId, OrganisationId } from '../../../kernel/ids.js';
import type { BreakGlassReason } from '../core/break-glass/break-glass-rules.js';

@DataInventory({
  table: 'break_glass_grant',
  description: "Leave for one of the operator's staff to read an organisation's own data, with its reason and its end",
  dataClass: 'audit_log',
  subject: 'operator_staff',
  located: [{ column: 'operator_id' }, { column: 'closed_by' }],
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'breakGlassGrants' },
  erasure: { anonymise: { operator_id: 'pseudonym', closed_by: 'pseudonym' } },
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    operator_id: 'personal',
    reason: 'technical',
    ticket: 'identifier',
    opened_at: 'technical',
    ends_at: 'technical',
    closed_at: 'technical',
    closed_by: 'personal',
  },
})
@Entity('break_glass_grant')
export class BreakGlassGrantEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: BreakGlassId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ name: 'operator_id', type: 'uuid' })
  operatorId: OperatorId;

  @Column({ type: 'text' })
  reason: BreakGlassReason;

  /** A number in the operator's ticket system. */
  @Column({ type: 'text' })
  ticket: string;

  @Column({ name: 'opened_at', type: 'timestamptz' })
  openedAt: Date;

  @Column({ name: 'ends_at', type: 'timestamptz' })
  endsAt: Date;

  /** Null while it is open, and for the moment between its end and the job that writes it down. */
  @Column({ name: 'closed_at', type: 'timestamptz', nullable: true })
  closedAt: Date | null;

  /** Null when the time was up. */
  @Column({ name: 'closed_by', type: 'uuid', nullable: true })
  closedBy: OperatorId | null;
}
