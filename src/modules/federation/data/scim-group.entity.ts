import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory, declareTable } from '../../../contracts/data-inventory.js';
import type { OrganisationId, ScimGroupId } from '../../../kernel/ids.js';
import type { OrganisationRole } from '../../../platform/http/permissions.js';

/** Ownership is handed from person to person; no directory gives it. */
export type GroupRole = Exclude<OrganisationRole, 'owner'>;

declareTable({
  table: 'scim_group_member',
  description: 'Who is in which group of a directory',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'user_id', via: 'scim_user' },
  retention: { kind: 'with_owner', owner: 'scim_user', column: 'user_id', goes: 'cascade' },
  export: { section: 'directoryGroups' },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: { organisation_id: 'identifier', group_id: 'identifier', user_id: 'personal' },
});

@DataInventory({
  table: 'scim_group',
  description: 'Groups as directories of organisations write them, and the role their members have',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'groups' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    display_name: 'tenant_data',
    external_id: 'tenant_data',
    role: 'tenant_data',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('scim_group')
export class ScimGroup {
  @PrimaryColumn({ type: 'uuid' })
  id: ScimGroupId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  /** Unique in the organisation, without regard to case. */
  @Column({ name: 'display_name', type: 'text' })
  displayName: string;

  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId: string | null;

  /** What its members are here; null: the group says nothing about it. */
  @Column({ type: 'text', nullable: true })
  role: GroupRole | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}

export type ScimGroupRow = Pick<ScimGroup, keyof ScimGroup>;
