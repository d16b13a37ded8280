import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { WindowedClass } from '../../../contracts/data-classes.js';
import { DataInventory, declareTable } from '../../../contracts/data-inventory.js';
import type { LegalHoldId } from '../../../contracts/legal-holds.js';
import type { AccountId, OperatorId, OrganisationId } from '../../../kernel/ids.js';

export const HOLD_REASONS = ['litigation', 'regulatory_inquiry', 'law_enforcement', 'internal_investigation', 'contract_dispute'] as const;

export type HoldReason = (typeof HOLD_REASONS)[number];

const WITHHELD = { withheld: 'telling of it could defeat the proceedings it is kept for (Art. 23(1)(f) and (j) GDPR)' } as const;
const KEPT = { keep: 'legal_claims', reason: 'a legal hold: it goes when the hold has been released' } as const;

declareTable({
  table: 'held_row',
  description:
    'Rows that were due while a legal hold covered them, one copy for each hold; a partition of its own for each, dropped when it is released',
  dataClass: 'operational',
  purpose: 'accountability',
  legalBasis: 'legal_obligation',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'legal_hold', column: 'hold_id', goes: 'after' },
  export: WITHHELD,
  erasure: KEPT,
  tenantPolicy: { kind: 'system_only' },
  columns: {
    hold_id: 'identifier',
    source: 'technical',
    digest: 'technical',
    data_class: 'technical',
    organisation_id: 'identifier',
    account_id: 'personal',
    written_at: 'technical',
    moved_at: 'technical',
    kept: 'personal',
  },
});

/** What must not be deleted, and for which matter (D5). */
@DataInventory({
  table: 'legal_hold',
  description: 'What must not be deleted, for which matter, who said so and who released it',
  dataClass: 'audit_log',
  subject: 'account_holder',
  located: [
    { column: 'account_id' },
    { subject: 'operator_staff', column: 'placed_by' },
    { subject: 'operator_staff', column: 'release_requested_by' },
    { subject: 'operator_staff', column: 'released_by' },
  ],
  retention: { kind: 'window', from: 'emptied_at' },
  export: WITHHELD,
  erasure: KEPT,
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    matter: 'technical',
    reason: 'technical',
    organisation_id: 'identifier',
    account_id: 'personal',
    data_classes: 'technical',
    from_at: 'technical',
    to_at: 'technical',
    placed_by: 'personal',
    placed_at: 'technical',
    release_requested_by: 'personal',
    release_requested_at: 'technical',
    released_by: 'personal',
    released_at: 'technical',
    emptied_at: 'technical',
  },
})
@Entity('legal_hold')
export class LegalHoldEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: LegalHoldId;

  /** A reference in the operator's own register. */
  @Column({ type: 'text' })
  matter: string;

  @Column({ type: 'text' })
  reason: HoldReason;

  @Column({ name: 'organisation_id', type: 'uuid', nullable: true })
  organisationId: OrganisationId | null;

  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: AccountId | null;

  @Column({ name: 'data_classes', type: 'text', array: true })
  dataClasses: WindowedClass[];

  @Column({ name: 'from_at', type: 'timestamptz', nullable: true })
  fromAt: Date | null;

  @Column({ name: 'to_at', type: 'timestamptz', nullable: true })
  toAt: Date | null;

  @Column({ name: 'placed_by', type: 'uuid' })
  placedBy: OperatorId;

  @Column({ name: 'placed_at', type: 'timestamptz' })
  placedAt: Date;

  @Column({ name: 'release_requested_by', type: 'uuid', nullable: true })
  releaseRequestedBy: OperatorId | null;

  @Column({ name: 'release_requested_at', type: 'timestamptz', nullable: true })
  releaseRequestedAt: Date | null;

  @Column({ name: 'released_by', type: 'uuid', nullable: true })
  releasedBy: OperatorId | null;

  @Column({ name: 'released_at', type: 'timestamptz', nullable: true })
  releasedAt: Date | null;

  /** When the rows that were kept aside for it were gone. */
  @Column({ name: 'emptied_at', type: 'timestamptz', nullable: true })
  emptiedAt: Date | null;
}
