import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { WebhookEndpointEntity, type WebhookId, type WebhookRow } from './webhook-endpoint.entity.js';

export interface WebhookRef {
  readonly organisationId: OrganisationId;
  readonly id: WebhookId;
}

/** Rows of `webhook_endpoint`. Besides row-level security every query names the organisation (A3). */
@Injectable()
export class WebhooksRepository {
  async insert(tx: Tx, webhook: WebhookRow): Promise<void> {
    await tx.insert(WebhookEndpointEntity, webhook);
  }

  /** How many there are; until the transaction ends nobody else adds one. */
  async countForAdding(tx: Tx, organisationId: OrganisationId): Promise<number> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoint:' || $1, 0))`, [organisationId]);
    return tx.countBy(WebhookEndpointEntity, { organisationId });
  }

  find(tx: Tx, ref: WebhookRef): Promise<WebhookRow | null> {
    return tx.findOneBy(WebhookEndpointEntity, { ...ref });
  }

  /** The row, locked until the transaction ends. */
  lock(tx: Tx, ref: WebhookRef): Promise<WebhookRow | null> {
    return tx.findOne(WebhookEndpointEntity, { where: { ...ref }, lock: { mode: 'pessimistic_write' } });
  }

  /** In the order they were made. */
  list(tx: Tx, organisationId: OrganisationId, after: WebhookId | undefined, limit: number): Promise<WebhookRow[]> {
    return tx.find(WebhookEndpointEntity, oldestFirst({ organisationId }, after, limit));
  }

  /** Those that want to be told of this type. */
  wanting(tx: Tx, organisationId: OrganisationId, type: string): Promise<{ readonly id: WebhookId }[]> {
    return tx.query(
      `SELECT id FROM webhook_endpoint
       WHERE organisation_id = $1 AND status = 'active' AND (event_types = '{}' OR $2 = ANY (event_types))`,
      [organisationId, type],
    );
  }

  /** Whether the row was there to change. */
  async update(tx: Tx, ref: WebhookRef, change: Partial<Omit<WebhookRow, 'id' | 'organisationId' | 'createdAt'>>): Promise<boolean> {
    return (await tx.update(WebhookEndpointEntity, { ...ref }, change)).affected === 1;
  }

  async delete(tx: Tx, ref: WebhookRef): Promise<boolean> {
    return (await tx.delete(WebhookEndpointEntity, { ...ref })).affected === 1;
  }
}
