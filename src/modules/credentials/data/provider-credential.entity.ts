import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import type { ProviderName } from '../credentials.contract.js';

/** A provider credential at rest: the secret under a data key of its own, and that data key wrapped (K1). */
@DataInventory({
  table: 'provider_credential',
  description: 'Secrets for calling model providers, sealed under a data key each',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: {
    section: 'providerCredentials',
    without: { format_version: 'says how the secret is sealed', kms_key_id: 'says how the secret is sealed' },
  },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    name: 'tenant_data',
    provider: 'tenant_data',
    base_url: 'tenant_data',
    version: 'technical',
    hint: 'secret',
    format_version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    ciphertext: 'secret',
    status: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('provider_credential')
export class ProviderCredential {
  @PrimaryColumn({ type: 'uuid' })
  id: CredentialId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  provider: ProviderName;

  @Column({ type: 'text', name: 'base_url', nullable: true })
  baseUrl: string | null;

  @Column({ type: 'integer' })
  version: number;

  @Column({ type: 'text' })
  hint: string;

  @Column({ type: 'smallint', name: 'format_version' })
  formatVersion: number;

  @Column({ type: 'text', name: 'kms_key_id' })
  kmsKeyId: string;

  @Column({ type: 'bytea', name: 'wrapped_key' })
  wrappedKey: Buffer;

  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  @Column({ type: 'text' })
  status: 'active' | 'disabled';

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

/** The same as plain data, to build rows from. */
export type CredentialRow = Pick<ProviderCredential, keyof ProviderCredential>;
