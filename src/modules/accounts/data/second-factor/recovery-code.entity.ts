import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { AccountId } from '../../../../kernel/ids.js';

@DataInventory({
  table: 'recovery_code',
  description: 'Hashes of recovery codes not used yet',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'recoveryCodes' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', code_hash: 'secret', created_at: 'technical' },
})
@Entity('recovery_code')
export class RecoveryCodeEntity {
  @PrimaryColumn({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @PrimaryColumn({ name: 'code_hash', type: 'bytea' })
  codeHash: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;
}
