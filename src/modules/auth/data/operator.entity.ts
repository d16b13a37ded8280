import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OperatorId } from '../../../kernel/ids.js';

@DataInventory({
  table: 'operator',
  description: "The operator's named staff",
  dataClass: 'account_profile',
  subject: 'operator_staff',
  retention: { kind: 'installation' },
  export: 'included',
  erasure: 'anonymise',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'identifier', name: 'personal', status: 'technical', created_at: 'technical', updated_at: 'technical' },
})
@Entity('operator')
export class OperatorEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: OperatorId;

  @Column({ type: 'text' })
  name: string;

  /** A disabled operator's tokens are refused. */
  @Column({ type: 'text' })
  status: 'active' | 'disabled';

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
