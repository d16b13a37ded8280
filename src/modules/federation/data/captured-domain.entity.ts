import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { CapturedDomainId, IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';

/** An e-mail domain that an organisation claims, and owns once its DNS has said so. */
@DataInventory({
  table: 'captured_domain',
  description: 'E-mail domains of organisations, proven by DNS, whose people sign in through their own provider',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'domains' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    domain: 'tenant_data',
    challenge: 'technical',
    provider_id: 'identifier',
    sso_required: 'tenant_data',
    verified_at: 'technical',
    missing_since: 'technical',
    created_at: 'technical',
  },
})
@Entity('captured_domain')
export class CapturedDomain {
  @PrimaryColumn({ type: 'uuid' })
  id: CapturedDomainId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  /** In lower case, an international one in its ASCII form. */
  @Column({ type: 'text' })
  domain: string;

  /** What the TXT record has to say. */
  @Column({ type: 'text' })
  challenge: string;

  /** Where its people sign in; null: nowhere in particular. */
  @Column({ type: 'uuid', name: 'provider_id', nullable: true })
  providerId: IdentityProviderId | null;

  /** Whether they may sign in nowhere else. */
  @Column({ type: 'boolean', name: 'sso_required' })
  ssoRequired: boolean;

  /** When the DNS record was seen; null: claimed only, and without any effect. */
  @Column({ type: 'timestamptz', name: 'verified_at', nullable: true })
  verifiedAt: Date | null;

  /** Since when the record is gone; null: it was there when it was last looked for. */
  @Column({ type: 'timestamptz', name: 'missing_since', nullable: true })
  missingSince: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}

export type CapturedDomainRow = Pick<CapturedDomain, keyof CapturedDomain>;
