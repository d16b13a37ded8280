import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { KeyAnomaly } from '../../../contracts/key-anomaly.js';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import type { ServiceKeyScope } from '../../../platform/http/permissions.js';
import type { ApiKeySummary, BlockReason } from '../auth.contract.js';

@DataInventory({
  table: 'api_key',
  description: 'Keys by which programs of an organisation call Lethe; their secrets as hashes',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'apiKeys' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    project_id: 'identifier',
    name: 'tenant_data',
    secret_hash: 'secret',
    hint: 'tenant_data',
    scopes: 'tenant_data',
    allowed_networks: 'tenant_data',
    created_at: 'technical',
    expires_at: 'technical',
    revoked_at: 'technical',
    last_used_at: 'technical',
    previous_secret_hash: 'secret',
    previous_hint: 'tenant_data',
    previous_expires_at: 'technical',
    previous_last_used_at: 'technical',
    blocked_at: 'technical',
    blocked_reason: 'technical',
    suspected_at: 'technical',
    grace_reason: 'technical',
    grace_until: 'technical',
  },
})
@Entity('api_key')
export class ApiKeyEntity implements ApiKeySummary {
  @PrimaryColumn({ type: 'uuid' })
  id: ApiKeyId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ name: 'project_id', type: 'uuid' })
  projectId: ProjectId;

  @Column({ type: 'text' })
  name: string;

  /** Not read unless asked for. */
  @Column({ name: 'secret_hash', type: 'bytea', select: false })
  secretHash?: Buffer;

  @Column({ type: 'text' })
  hint: string;

  @Column({ type: 'text', array: true })
  scopes: ServiceKeyScope[];

  @Column({ name: 'allowed_networks', type: 'text', array: true })
  allowedNetworks: string[];

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null;

  /** Not read unless asked for. */
  @Column({ name: 'previous_secret_hash', type: 'bytea', select: false, nullable: true })
  previousSecretHash?: Buffer | null;

  @Column({ name: 'previous_hint', type: 'text', nullable: true })
  previousHint: string | null;

  @Column({ name: 'previous_expires_at', type: 'timestamptz', nullable: true })
  previousExpiresAt: Date | null;

  @Column({ name: 'previous_last_used_at', type: 'timestamptz', nullable: true })
  previousLastUsedAt: Date | null;

  @Column({ name: 'blocked_at', type: 'timestamptz', nullable: true })
  blockedAt: Date | null;

  @Column({ name: 'blocked_reason', type: 'text', nullable: true })
  blockedReason: BlockReason | null;

  /** When the latest sign of abuse was seen that has been answered. */
  @Column({ name: 'suspected_at', type: 'timestamptz', nullable: true })
  suspectedAt: Date | null;

  /** What it was last released from, which does not block it again until `graceUntil`. */
  @Column({ name: 'grace_reason', type: 'text', nullable: true })
  graceReason: KeyAnomaly | null;

  @Column({ name: 'grace_until', type: 'timestamptz', nullable: true })
  graceUntil: Date | null;
}
