import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId, ScimTokenId } from '../../../kernel/ids.js';

@DataInventory({
  table: 'scim_token',
  description: 'Tokens by which directories of organisations call the SCIM API; as hashes',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'directoryTokens' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    name: 'tenant_data',
    token_hash: 'secret',
    hint: 'tenant_data',
    created_at: 'technical',
    expires_at: 'technical',
    revoked_at: 'technical',
    last_used_at: 'technical',
  },
})
@Entity('scim_token')
export class ScimToken {
  @PrimaryColumn({ type: 'uuid' })
  id: ScimTokenId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  name: string;

  /** Not read unless asked for. */
  @Column({ name: 'token_hash', type: 'bytea', select: false })
  tokenHash?: Buffer;

  @Column({ type: 'text' })
  hint: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null;
}

export type ScimTokenRow = Omit<Pick<ScimToken, keyof ScimToken>, 'tokenHash'>;
