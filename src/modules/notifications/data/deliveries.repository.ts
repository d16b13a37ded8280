import { Injectable } from '@nestjs/common';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type DeliveryId, type DeliveryRow, WebhookDeliveryEntity } from './webhook-delivery.entity.js';
import { WebhookEventEntity, type WebhookEventId, type WebhookEventRow } from './webhook-event.entity.js';
import type { WebhookRef } from './webhooks.repository.js';

/** How an attempt changed a delivery. */
export type AttemptResult = Pick<DeliveryRow, 'state' | 'attempts' | 'httpStatus' | 'failure' | 'nextAttemptAt' | 'attemptedAt'>;

/** Events and their deliveries; for an organisation's eyes each query names it and its endpoint (A3). */
@Injectable()
export class DeliveriesRepository {
  async addEvent(tx: Tx, event: WebhookEventRow): Promise<void> {
    await ensureDayPartition(tx, 'webhook_event', event.expiresOn);
    // TypeORM's types take an object of unknown members for a nested entity.
    await tx.insert(WebhookEventEntity, { ...event, detail: { ...event.detail } as Record<string, never> });
  }

  findEvent(tx: Tx, { organisationId }: Pick<WebhookEventRow, 'organisationId'>, id: WebhookEventId): Promise<WebhookEventRow | null> {
    return tx.findOneBy(WebhookEventEntity, { organisationId, id });
  }

  async add(tx: Tx, delivery: DeliveryRow): Promise<void> {
    await ensureDayPartition(tx, 'webhook_delivery', delivery.expiresOn);
    await tx.insert(WebhookDeliveryEntity, delivery);
  }

  find(tx: Tx, { organisationId, id: endpointId }: WebhookRef, id: DeliveryId): Promise<DeliveryRow | null> {
    return tx.findOneBy(WebhookDeliveryEntity, { organisationId, endpointId, id });
  }

  /** Newest first. */
  list(tx: Tx, { organisationId, id: endpointId }: WebhookRef, before: DeliveryId | undefined, limit: number): Promise<DeliveryRow[]> {
    return tx.find(WebhookDeliveryEntity, newestFirst({ organisationId, endpointId }, before, limit));
  }

  /** Whether its endpoint took the last delivery that was tried, or none was. */
  async leadsWhereThingsArrive(tx: Tx, id: DeliveryId): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT 1 FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id AND e.organisation_id = d.organisation_id
       WHERE d.id = $1 AND e.failing_since IS NULL`,
      [id],
    );
    return rows.length > 0;
  }

  /**
   * Takes a due delivery for oneself until `leaseUntil`, so that two workers never send it at the same time. Null when it is not due, or
   * somebody else has it. The transaction must be a system one, here and below.
   */
  async claim(tx: Tx, id: DeliveryId, now: Date, leaseUntil: Date): Promise<DeliveryRow | null> {
    const [rows] = await tx.query<[unknown[], number]>(
      `UPDATE webhook_delivery SET next_attempt_at = $3 WHERE id = $1 AND state = 'waiting' AND next_attempt_at <= $2 RETURNING id`,
      [id, now, leaseUntil],
    );
    return rows.length === 0 ? null : tx.findOneBy(WebhookDeliveryEntity, { id });
  }

  async record(tx: Tx, { id, expiresOn }: Pick<DeliveryRow, 'id' | 'expiresOn'>, result: AttemptResult): Promise<void> {
    await tx.update(WebhookDeliveryEntity, { id, expiresOn, state: 'waiting' }, result);
  }

  /** What is due, oldest first, a few of each endpoint: one that never answers must not keep the others waiting. */
  async due(tx: Tx, now: Date, most: { readonly perEndpoint: number; readonly all: number }): Promise<DeliveryId[]> {
    const rows = await tx.query<{ id: DeliveryId }[]>(
      `SELECT id FROM (
         SELECT id, next_attempt_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at, id) AS place
         FROM webhook_delivery WHERE state = 'waiting' AND next_attempt_at <= $1
       ) waiting WHERE place <= $2 ORDER BY next_attempt_at, id LIMIT $3`,
      [now, most.perEndpoint, most.all],
    );
    return rows.map(({ id }) => id);
  }

  /** Gives up all that waits for an endpoint. */
  async giveUpAll(tx: Tx, { organisationId, id }: WebhookRef): Promise<number> {
    const { affected } = await tx.update(
      WebhookDeliveryEntity,
      { organisationId, endpointId: id, state: 'waiting' },
      { state: 'given_up', nextAttemptAt: null, failure: 'webhook_disabled' },
    );
    return affected ?? 0;
  }
}
