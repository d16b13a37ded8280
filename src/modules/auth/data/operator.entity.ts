import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, OperatorId } from '../../../kernel/ids.js';
import type { StaffRole } from '../../../platform/http/staff-roles.js';

@DataInventory({
  table: 'operator',
  description: "The operator's named staff",
  dataClass: 'account_profile',
  subject: 'operator_staff',
  located: [{ column: 'id' }, { subject: 'account_holder', column: 'account_id' }],
  retention: { kind: 'subject' },
  export: { section: 'operator' },
  erasure: { anonymise: { name: 'pseudonym', account_id: 'null', invitation_hash: 'null' } },
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    name: 'personal',
    status: 'technical',
    role: 'technical',
    account_id: 'personal',
    invitation_hash: 'secret',
    invited_until: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('operator')
export class OperatorEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: OperatorId;

  @Column({ type: 'text' })
  name: string;

  /** A disabled operator's tokens are refused, and no session of theirs acts as operator. */
  @Column({ type: 'text' })
  status: 'active' | 'disabled';

  @Column({ type: 'text' })
  role: StaffRole;

  /** Whose session may act as this operator; null for one that only has tokens. */
  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: AccountId | null;

  @Column({ name: 'invitation_hash', type: 'bytea', nullable: true })
  invitationHash: Buffer | null;

  @Column({ name: 'invited_until', type: 'timestamptz', nullable: true })
  invitedUntil: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
