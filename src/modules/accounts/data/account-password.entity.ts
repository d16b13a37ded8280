import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId } from '../../../kernel/ids.js';

/** Apart from the account, so that reading a profile never brings the hash along. */
@DataInventory({
  table: 'account_password',
  description: 'Password hashes of those who sign in with one (K5)',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: 'secret_never_exported',
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', hash: 'secret', changed_at: 'technical' },
})
@Entity('account_password')
export class AccountPasswordEntity {
  @PrimaryColumn({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ type: 'text' })
  hash: string;

  @Column({ name: 'changed_at', type: 'timestamptz' })
  changedAt: Date;
}
