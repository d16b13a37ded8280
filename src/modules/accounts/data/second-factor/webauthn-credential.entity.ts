import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { AccountId, Id } from '../../../../kernel/ids.js';

export type WebauthnCredentialId = Id<'webauthn_credential'>;

/** `suspended`: its counter went back, as a copied key's does. It is never taken again. */
export type WebauthnCredentialStatus = 'active' | 'suspended';

@DataInventory({
  table: 'webauthn_credential',
  description: 'Security keys and passkeys: their public keys',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'securityKeys' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    account_id: 'personal',
    credential_id: 'personal',
    public_key: 'personal',
    sign_count: 'technical',
    transports: 'technical',
    backed_up: 'technical',
    name: 'personal',
    status: 'technical',
    created_at: 'technical',
    last_used_at: 'personal',
  },
})
@Entity('webauthn_credential')
export class WebauthnCredentialEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: WebauthnCredentialId;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  /** The authenticator's name for it. */
  @Column({ name: 'credential_id', type: 'bytea' })
  credentialId: Buffer;

  /** COSE_Key (RFC 9053 §7). */
  @Column({ name: 'public_key', type: 'bytea' })
  publicKey: Buffer;

  /** Written only; compared where it lies. */
  @Column({ name: 'sign_count', type: 'bigint', select: false })
  signCount: number;

  @Column({ type: 'text', array: true })
  transports: string[];

  @Column({ name: 'backed_up', type: 'boolean' })
  backedUp: boolean;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  status: WebauthnCredentialStatus;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null;
}
