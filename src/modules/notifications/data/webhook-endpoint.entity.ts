import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id, OrganisationId } from '../../../kernel/ids.js';

export type WebhookId = Id<'webhook'>;
export type WebhookStatus = 'active' | 'disabled';

/** Where an organisation wants to be told by program. The signing secret is sealed. */
@DataInventory({
  table: 'webhook_endpoint',
  description: 'Addresses an organisation is told at by program',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'webhooks' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    url: 'tenant_data',
    description: 'tenant_data',
    event_types: 'tenant_data',
    status: 'technical',
    secret_version: 'technical',
    sealed_secret: 'secret',
    previous_sealed_secret: 'secret',
    previous_expires_at: 'technical',
    failing_since: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('webhook_endpoint')
export class WebhookEndpointEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: WebhookId;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  url: string;

  @Column({ type: 'text' })
  description: string;

  @Column({ type: 'text', array: true, name: 'event_types' })
  eventTypes: string[];

  @Column({ type: 'text' })
  status: WebhookStatus;

  @Column({ type: 'integer', name: 'secret_version' })
  secretVersion: number;

  @Column({ type: 'bytea', name: 'sealed_secret' })
  sealedSecret: Buffer;

  @Column({ type: 'bytea', name: 'previous_sealed_secret', nullable: true })
  previousSealedSecret: Buffer | null;

  @Column({ type: 'timestamptz', name: 'previous_expires_at', nullable: true })
  previousExpiresAt: Date | null;

  @Column({ type: 'timestamptz', name: 'failing_since', nullable: true })
  failingSince: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

/** The same as plain data. */
export type WebhookRow = Pick<WebhookEndpointEntity, keyof WebhookEndpointEntity>;
