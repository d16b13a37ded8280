import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';

@DataInventory({
  table: 'key_country',
  description: 'Countries a key has been used from, by day; never an address',
  dataClass: 'network_trace',
  subject: 'organisation',
  retention: { kind: 'window', from: 'last_seen_on' },
  export: { section: 'keyCountries' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    organisation_id: 'identifier',
    key_id: 'identifier',
    country: 'tenant_data',
    first_seen_on: 'technical',
    last_seen_on: 'technical',
  },
})
@Entity('key_country')
export class KeyCountryEntity {
  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @PrimaryColumn({ name: 'key_id', type: 'uuid' })
  keyId: ApiKeyId;

  /** ISO 3166-1 alpha-2. */
  @PrimaryColumn({ type: 'text' })
  country: string;

  /** UTC day, `YYYY-MM-DD`. */
  @Column({ name: 'first_seen_on', type: 'date' })
  firstSeenOn: string;

  /** UTC day, `YYYY-MM-DD`. */
  @Column({ name: 'last_seen_on', type: 'date' })
  lastSeenOn: string;
}
