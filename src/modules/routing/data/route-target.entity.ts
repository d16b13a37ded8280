import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { CredentialId, Id, OrganisationId, RouteId } from '../../../kernel/ids.js';

export type RouteTargetId = Id<'route_target'>;

/** Where a route leads: a credential, and the model's name there. */
@DataInventory({
  table: 'route_target',
  description: 'Upstreams a route leads to, in the order to try',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'route', column: 'route_id', goes: 'cascade' },
  export: { section: 'routeTargets' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    route_id: 'identifier',
    position: 'technical',
    credential_id: 'identifier',
    upstream_model: 'tenant_data',
  },
})
@Entity('route_target')
export class RouteTargetRow {
  @PrimaryColumn({ type: 'uuid' })
  id: RouteTargetId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'uuid', name: 'route_id' })
  routeId: RouteId;

  @Column({ type: 'integer' })
  position: number;

  @Column({ type: 'uuid', name: 'credential_id' })
  credentialId: CredentialId;

  @Column({ type: 'text', name: 'upstream_model', nullable: true })
  upstreamModel: string | null;
}
