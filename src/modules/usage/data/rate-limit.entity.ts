import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id, OrganisationId } from '../../../kernel/ids.js';
import type { LimitScope } from '../core/limit-book.js';

export type RateLimitId = Id<'rate_limit'>;

/** Requests and tokens a minute for an organisation, a project or a key; null where there is no limit. */
@DataInventory({
  table: 'rate_limit',
  description: 'Rate limits of organisations, projects and keys.',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'rateLimits' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    scope: 'technical',
    scope_id: 'identifier',
    requests_per_minute: 'tenant_data',
    tokens_per_minute: 'tenant_data',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('rate_limit')
export class RateLimitEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: RateLimitId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  scope: LimitScope;

  @Column({ name: 'scope_id', type: 'uuid' })
  scopeId: string;

  @Column({ name: 'requests_per_minute', type: 'integer', nullable: true })
  requestsPerMinute: number | null;

  @Column({ name: 'tokens_per_minute', type: 'integer', nullable: true })
  tokensPerMinute: number | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
