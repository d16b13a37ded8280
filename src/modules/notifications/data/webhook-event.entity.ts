import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id, OrganisationId } from '../../../kernel/ids.js';
import type { MessageValues } from '../notifications.contract.js';

export type WebhookEventId = Id<'webhook_event'>;

/** What endpoints are told: ids and enums only, the same at every try and every replay. */
@DataInventory({
  table: 'webhook_event',
  description: 'Events sent to webhooks',
  dataClass: 'security_log',
  subject: 'organisation',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'webhookEvents' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    organisation_id: 'identifier',
    type: 'technical',
    detail: 'tenant_data',
    created_at: 'technical',
  },
})
@Entity('webhook_event')
export class WebhookEventEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: WebhookEventId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  type: string;

  @Column({ type: 'jsonb' })
  detail: MessageValues;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;
}

/** The same as plain data. */
export type WebhookEventRow = Pick<WebhookEventEntity, keyof WebhookEventEntity>;
