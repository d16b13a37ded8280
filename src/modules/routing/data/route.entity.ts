import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId, ProjectId, RouteId } from '../../../kernel/ids.js';

/** Which model names lead somewhere, for one organisation or one of its projects. */
@DataInventory({
  table: 'route',
  description: 'Model names a tenant can ask for',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'routes' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    project_id: 'identifier',
    model: 'tenant_data',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('route')
export class Route {
  @PrimaryColumn({ type: 'uuid' })
  id: RouteId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'uuid', name: 'project_id', nullable: true })
  projectId: ProjectId | null;

  @Column({ type: 'text' })
  model: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
