import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OperatorId, SessionId } from '../../../kernel/ids.js';

@DataInventory({
  table: 'operator_duty',
  description: 'Sessions that act as operator',
  dataClass: 'security_log',
  subject: 'operator_staff',
  located: { column: 'operator_id' },
  retention: { kind: 'with_owner', owner: 'account_session', column: 'session_id', goes: 'cascade' },
  export: { section: 'duty' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { session_id: 'identifier', operator_id: 'personal', begun_at: 'personal', ends_at: 'technical' },
})
@Entity('operator_duty')
export class OperatorDutyEntity {
  @PrimaryColumn({ name: 'session_id', type: 'uuid' })
  sessionId: SessionId;

  @Column({ name: 'operator_id', type: 'uuid' })
  operatorId: OperatorId;

  @Column({ name: 'begun_at', type: 'timestamptz' })
  begunAt: Date;

  @Column({ name: 'ends_at', type: 'timestamptz' })
  endsAt: Date;
}
