import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id, OrganisationId } from '../../../kernel/ids.js';
import type { WebhookId } from './webhook-endpoint.entity.js';
import type { WebhookEventId } from './webhook-event.entity.js';

export type DeliveryId = Id<'webhook_delivery'>;
export type DeliveryState = 'waiting' | 'delivered' | 'given_up';

/** One event on its way to one endpoint, and how that ended. Nothing of what either side said is kept. */
@DataInventory({
  table: 'webhook_delivery',
  description: 'How events reached webhooks: status and time',
  dataClass: 'security_log',
  subject: 'organisation',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'webhookDeliveries' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    organisation_id: 'identifier',
    endpoint_id: 'identifier',
    event_id: 'identifier',
    event_type: 'technical',
    state: 'technical',
    attempts: 'technical',
    http_status: 'technical',
    failure: 'technical',
    next_attempt_at: 'technical',
    created_at: 'technical',
    attempted_at: 'technical',
  },
})
@Entity('webhook_delivery')
export class WebhookDeliveryEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: DeliveryId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ type: 'uuid', name: 'organisation_id' })
  organisationId: OrganisationId;

  @Column({ type: 'uuid', name: 'endpoint_id' })
  endpointId: WebhookId;

  @Column({ type: 'uuid', name: 'event_id' })
  eventId: WebhookEventId;

  @Column({ type: 'text', name: 'event_type' })
  eventType: string;

  @Column({ type: 'text' })
  state: DeliveryState;

  @Column({ type: 'integer' })
  attempts: number;

  @Column({ type: 'integer', name: 'http_status', nullable: true })
  httpStatus: number | null;

  @Column({ type: 'text', nullable: true })
  failure: string | null;

  @Column({ type: 'timestamptz', name: 'next_attempt_at', nullable: true })
  nextAttemptAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'attempted_at', nullable: true })
  attemptedAt: Date | null;
}

/** The same as plain data. */
export type DeliveryRow = Pick<WebhookDeliveryEntity, keyof WebhookDeliveryEntity>;
