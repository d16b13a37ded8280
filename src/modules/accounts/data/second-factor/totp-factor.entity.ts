import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { AccountId, Id } from '../../../../kernel/ids.js';

export type TotpFactorId = Id<'totp_factor'>;

@DataInventory({
  table: 'totp_factor',
  description: 'Authenticator apps; their shared secrets sealed under a data key each',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: {
    section: 'authenticatorApps',
    without: {
      last_step: 'says nothing outside Lethe',
      format_version: 'says how the secret is sealed',
      kms_key_id: 'says how the secret is sealed',
    },
  },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    account_id: 'personal',
    format_version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    ciphertext: 'secret',
    last_step: 'technical',
    created_at: 'technical',
    confirmed_at: 'technical',
    last_used_at: 'personal',
  },
})
@Entity('totp_factor')
export class TotpFactorEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: TotpFactorId;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ name: 'format_version', type: 'smallint' })
  formatVersion: number;

  @Column({ name: 'kms_key_id', type: 'text' })
  kmsKeyId: string;

  @Column({ name: 'wrapped_key', type: 'bytea' })
  wrappedKey: Buffer;

  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  /** Written only; compared where it lies. */
  @Column({ name: 'last_step', type: 'bigint', select: false })
  lastStep: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  /** Null until a code has shown that the app has the secret. */
  @Column({ name: 'confirmed_at', type: 'timestamptz', nullable: true })
  confirmedAt: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null;
}
