import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import type { SealedEnvelope } from '../../../platform/kms/envelope.js';
import type { ProviderConnection, ProviderKind, ProviderSettings } from '../core/provider-configuration.js';

/** A place where people sign in who have their account elsewhere; the client secret lies under a data key of its own (K1). */
@DataInventory({
  table: 'identity_provider',
  description: 'Identity providers of the installation and of organisations, with their sealed client secrets',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: {
    section: 'identityProviders',
    without: { format_version: 'says how the secret is sealed', kms_key_id: 'says how the secret is sealed' },
  },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    kind: 'tenant_data',
    name: 'tenant_data',
    status: 'technical',
    connection: 'tenant_data',
    settings: 'tenant_data',
    secret_version: 'technical',
    secret_hint: 'secret',
    format_version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    ciphertext: 'secret',
    certificate_told: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('identity_provider')
export class IdentityProvider {
  @PrimaryColumn({ type: 'uuid' })
  id: IdentityProviderId;

  /** Null: the installation's own. */
  @Column({ type: 'uuid', name: 'organisation_id', nullable: true })
  organisationId: OrganisationId | null;

  @Column({ type: 'text' })
  kind: ProviderKind;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  status: ProviderStatus;

  @Column({ type: 'jsonb' })
  connection: ProviderConnection;

  @Column({ type: 'jsonb' })
  settings: ProviderSettings;

  @Column({ type: 'integer', name: 'secret_version' })
  secretVersion: number;

  @Column({ type: 'text', name: 'secret_hint', nullable: true })
  secretHint: string | null;

  @Column({ type: 'smallint', name: 'format_version', nullable: true })
  formatVersion: number | null;

  @Column({ type: 'text', name: 'kms_key_id', nullable: true })
  kmsKeyId: string | null;

  @Column({ type: 'bytea', name: 'wrapped_key', nullable: true })
  wrappedKey: Buffer | null;

  @Column({ type: 'bytea', nullable: true })
  ciphertext: Buffer | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

/** `disabled`: nobody signs in through it until it is active again; what is linked stays linked. */
export type ProviderStatus = 'active' | 'disabled';

/** The same as plain data, to build rows from. */
export type IdentityProviderRow = Pick<IdentityProvider, keyof IdentityProvider>;

/** What a secret is stored as: everything of a row that a new secret replaces. */
export type StoredProviderSecret = SealedEnvelope & Pick<IdentityProviderRow, 'secretVersion'> & { readonly secretHint: string };

/** The sealed secret of a provider, or null when it has none. */
export function sealedSecretOf(provider: IdentityProviderRow): SealedEnvelope | null {
  const { formatVersion, kmsKeyId, wrappedKey, ciphertext } = provider;
  if (formatVersion === null || kmsKeyId === null || wrappedKey === null || ciphertext === null) return null;
  return { formatVersion, kmsKeyId, wrappedKey, ciphertext };
}
