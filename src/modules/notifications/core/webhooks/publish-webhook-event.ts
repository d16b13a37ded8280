import { Injectable } from '@nestjs/common';
import { Outbox } from '../../../../contracts/outbox.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { Clock, utcDayAfter } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { DeliveriesRepository } from '../../data/deliveries.repository.js';
import type { DeliveryId, DeliveryRow } from '../../data/webhook-delivery.entity.js';
import type { WebhookId } from '../../data/webhook-endpoint.entity.js';
import type { WebhookEventId, WebhookEventRow } from '../../data/webhook-event.entity.js';
import { WebhooksRepository } from '../../data/webhooks.repository.js';
import type { MessageValues } from '../../notifications.contract.js';

export const DELIVER_WEBHOOK_TOPIC = 'notifications.deliver-webhook';

/** What is told of: its type, and ids and enums about it. */
export interface WebhookNews {
  readonly type: string;
  readonly detail: MessageValues;
}

/** Makes events and their deliveries. */
@Injectable()
export class DeliveryDesk {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly windows: RetentionWindows,
  ) {}

  async addEvent(tx: Tx, organisationId: OrganisationId, { type, detail }: WebhookNews): Promise<WebhookEventRow> {
    const createdAt = this.clock.now();
    const event = {
      id: newId<WebhookEventId>(),
      expiresOn: this.expiresOn(createdAt, organisationId),
      organisationId,
      type,
      detail,
      createdAt,
    };
    await this.deliveries.addEvent(tx, event);
    return event;
  }

  /** A delivery that is due at once. It is tried as soon as the transaction has committed. */
  async start(tx: Tx, event: WebhookEventRow, endpointId: WebhookId): Promise<DeliveryRow> {
    const createdAt = this.clock.now();
    const delivery: DeliveryRow = {
      id: newId<DeliveryId>(),
      expiresOn: this.expiresOn(createdAt, event.organisationId),
      organisationId: event.organisationId,
      endpointId,
      eventId: event.id,
      eventType: event.type,
      state: 'waiting',
      attempts: 0,
      httpStatus: null,
      failure: null,
      nextAttemptAt: createdAt,
      createdAt,
      attemptedAt: null,
    };
    await this.deliveries.add(tx, delivery);
    await this.outbox.publish(tx, { topic: DELIVER_WEBHOOK_TOPIC, payload: { deliveryId: delivery.id } });
    return delivery;
  }

  private expiresOn(now: Date, organisationId: OrganisationId): string {
    return utcDayAfter(now.getTime(), this.windows.days('security_log', organisationId));
  }
}

/** Puts an event on its way to the endpoints that want it, in the transaction of the change it tells of. */
@Injectable()
export class PublishWebhookEvent {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly deliveries: DeliveryDesk,
  ) {}

  async run(tx: Tx, organisationId: OrganisationId, news: WebhookNews): Promise<void> {
    const wanting = await this.webhooks.wanting(tx, organisationId, news.type);
    if (wanting.length === 0) return;
    const event = await this.deliveries.addEvent(tx, organisationId, news);
    for (const { id } of wanting) await this.deliveries.start(tx, event, id);
  }
}
