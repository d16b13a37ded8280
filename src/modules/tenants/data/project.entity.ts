import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import type { ProjectStatus, ProjectSummary } from '../tenants.contract.js';

@DataInventory({
  table: 'project',
  description: 'What an organisation divides its keys, budgets and usage by',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'projects' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    name: 'tenant_data',
    status: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('project')
export class ProjectEntity implements ProjectSummary {
  @PrimaryColumn({ type: 'uuid' })
  id: ProjectId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  status: ProjectStatus;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
