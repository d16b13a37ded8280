import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OrganisationId } from '../../../kernel/ids.js';

/** What an organisation wants kept of its calls. Without a row: whatever its profile allows. */
@DataInventory({
  table: 'content_setting',
  description: 'Which content an organisation wants kept, within what the policy profile allows',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'id', goes: 'first' },
  export: { section: 'contentSetting' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'id' },
  columns: {
    id: 'identifier',
    payloads: 'tenant_data',
    sample_per_mille: 'tenant_data',
    failed_inputs: 'tenant_data',
    updated_at: 'technical',
  },
})
@Entity('content_setting')
export class ContentSettingEntity {
  /** The organisation's. */
  @PrimaryColumn({ type: 'uuid' })
  id: OrganisationId;

  @Column({ type: 'boolean' })
  payloads: boolean;

  /** Of a thousand successful calls, how many are kept. */
  @Column({ type: 'integer', name: 'sample_per_mille' })
  samplePerMille: number;

  @Column({ type: 'boolean', name: 'failed_inputs' })
  failedInputs: boolean;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

export type ContentSettingRow = Pick<ContentSettingEntity, keyof ContentSettingEntity>;

/** What an organisation may say; whoever says nothing has all that the profile allows. */
export type ContentSetting = Pick<ContentSettingRow, 'payloads' | 'samplePerMille' | 'failedInputs'>;

export const USUAL_SETTING: ContentSetting = { payloads: true, samplePerMille: 1000, failedInputs: true };
