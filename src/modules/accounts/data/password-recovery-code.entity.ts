import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId } from '../../../kernel/ids.js';

/** What somebody without an e-mail address chooses a new password with. */
@DataInventory({
  table: 'password_recovery_code',
  description: 'Hashes of the codes by which accounts without an e-mail address are recovered',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: 'secret_never_exported',
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', code_hash: 'secret', created_at: 'technical', ends_at: 'technical' },
})
@Entity('password_recovery_code')
export class PasswordRecoveryCodeEntity {
  @PrimaryColumn({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ name: 'code_hash', type: 'bytea' })
  codeHash: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  /** Set when an address is proven: from then on mails recover the account. Null: it stays good until it is used. */
  @Column({ name: 'ends_at', type: 'timestamptz', nullable: true })
  endsAt: Date | null;
}
