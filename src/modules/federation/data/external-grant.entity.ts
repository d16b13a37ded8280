import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { ExternalIdentityId } from '../../../kernel/ids.js';

/** The refresh token of an identity at rest, with which the refresh job asks its provider again. */
@DataInventory({
  table: 'external_grant',
  description: 'Refresh tokens of identity providers, sealed under a data key each',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'identity_id', via: 'external_identity' },
  retention: { kind: 'with_owner', owner: 'external_identity', column: 'identity_id', goes: 'cascade' },
  export: 'secret_never_exported',
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    identity_id: 'personal',
    version: 'technical',
    format_version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    ciphertext: 'secret',
    refresh_at: 'technical',
  },
})
@Entity('external_grant')
export class ExternalGrant {
  @PrimaryColumn({ type: 'uuid', name: 'identity_id' })
  identityId: ExternalIdentityId;

  /** Rises with every token and is bound into the ciphertext. */
  @Column({ type: 'integer' })
  version: number;

  @Column({ type: 'smallint', name: 'format_version' })
  formatVersion: number;

  @Column({ type: 'text', name: 'kms_key_id' })
  kmsKeyId: string;

  @Column({ type: 'bytea', name: 'wrapped_key' })
  wrappedKey: Buffer;

  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  /** When the provider is asked next. */
  @Column({ type: 'timestamptz', name: 'refresh_at' })
  refreshAt: Date;
}

export type ExternalGrantRow = Pick<ExternalGrant, keyof ExternalGrant>;
