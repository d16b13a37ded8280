import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { OrganisationKind, OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';

@DataInventory({
  table: 'organisation',
  description: 'Tenants of the installation',
  dataClass: 'account_profile',
  subject: 'organisation',
  retention: { kind: 'subject' },
  export: { section: 'organisation' },
  erasure: { anonymise: { slug: 'pseudonym', name: 'pseudonym', member_networks: 'empty' } },
  tenantPolicy: { kind: 'row_level_security', column: 'id' },
  columns: {
    id: 'identifier',
    slug: 'tenant_data',
    name: 'tenant_data',
    kind: 'technical',
    status: 'technical',
    second_factor_required: 'technical',
    member_networks: 'tenant_data',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('organisation')
export class OrganisationEntity implements OrganisationSummary {
  @PrimaryColumn({ type: 'uuid' })
  id: OrganisationId;

  @Column({ type: 'text' })
  slug: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  kind: OrganisationKind;

  @Column({ type: 'text' })
  status: OrganisationStatus;

  @Column({ name: 'second_factor_required', type: 'boolean' })
  secondFactorRequired: boolean;

  @Column({ name: 'member_networks', type: 'text', array: true })
  memberNetworks: string[];

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
