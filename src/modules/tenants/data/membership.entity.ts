import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import type { OrganisationRole } from '../../../platform/http/permissions.js';
import type { Membership, MembershipSource } from '../tenants.contract.js';

@DataInventory({
  table: 'membership',
  description: 'Who belongs to which organisation, and as what',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'memberships' },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    organisation_id: 'identifier',
    account_id: 'personal',
    role: 'personal',
    source: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('membership')
export class MembershipEntity implements Membership {
  @PrimaryColumn({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @PrimaryColumn({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ type: 'text' })
  role: OrganisationRole;

  @Column({ type: 'text' })
  source: MembershipSource;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
