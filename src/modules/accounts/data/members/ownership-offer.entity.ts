import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';

/** Ownership that one member offers another; at most one in an organisation. */
export interface OwnershipOffer {
  readonly organisationId: OrganisationId;
  readonly fromAccountId: AccountId;
  readonly toAccountId: AccountId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

@DataInventory({
  table: 'ownership_offer',
  description: 'Ownership of an organisation that one member offers another, until that one takes it',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: [{ column: 'from_account_id' }, { column: 'to_account_id' }],
  retention: { kind: 'transient', from: 'expires_at', within: 'PT2H' },
  export: {
    section: 'ownershipOffers',
    without: { from_account_id: 'is about the other member', to_account_id: 'is about the other member' },
  },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    organisation_id: 'identifier',
    from_account_id: 'personal',
    to_account_id: 'personal',
    created_at: 'technical',
    expires_at: 'technical',
  },
})
@Entity('ownership_offer')
export class OwnershipOfferEntity implements OwnershipOffer {
  @PrimaryColumn({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ name: 'from_account_id', type: 'uuid' })
  fromAccountId: AccountId;

  @Column({ name: 'to_account_id', type: 'uuid' })
  toAccountId: AccountId;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}
