import { Column, Entity, PrimaryColumn } from 'typeorm';
import { declareBackupClass } from '../../../contracts/backup-class.js';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { ContentKeyId, OrganisationId } from '../../../kernel/ids.js';

declareBackupClass('content_key', 'keys');

/** One version of the key an organisation's content is sealed under, wrapped by the key management service (C4). */
@DataInventory({
  table: 'content_key',
  description: "The keys an organisation's content is sealed under, wrapped; a destroyed one leaves its version and dates",
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: {
    section: 'contentKeys',
    without: { kms_key_id: 'says how the key is wrapped' },
  },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    version: 'technical',
    kms_key_id: 'technical',
    wrapped_key: 'secret',
    created_at: 'technical',
    retired_at: 'technical',
    destroyed_at: 'technical',
  },
})
@Entity('content_key')
export class ContentKeyEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: ContentKeyId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'integer' })
  version: number;

  /** Null once it is destroyed, as is the wrapped key. */
  @Column({ type: 'text', name: 'kms_key_id', nullable: true })
  kmsKeyId: string | null;

  @Column({ type: 'bytea', name: 'wrapped_key', nullable: true })
  wrappedKey: Buffer | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** Since when a newer version is in use. */
  @Column({ type: 'timestamptz', name: 'retired_at', nullable: true })
  retiredAt: Date | null;

  @Column({ type: 'timestamptz', name: 'destroyed_at', nullable: true })
  destroyedAt: Date | null;
}

export type ContentKeyRow = Pick<ContentKeyEntity, keyof ContentKeyEntity>;

/** What everybody may know of a key. */
export type ContentKeyFacts = Omit<ContentKeyRow, 'wrappedKey'>;
