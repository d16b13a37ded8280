import { Injectable } from '@nestjs/common';
import { OutboxHandler, type OutboxEvent } from '../../../contracts/outbox.js';
import { assert } from '../../../kernel/assert.js';
import { isId } from '../../../kernel/ids.js';
import { DeliverWebhook } from '../core/webhooks/deliver-webhook.js';
import { DELIVER_WEBHOOK_TOPIC } from '../core/webhooks/publish-webhook-event.js';
import type { DeliveryId } from '../data/webhook-delivery.entity.js';

/** Tries a delivery for the first time, as soon as the change it tells of has committed. Later tries come from the rows themselves. */
@Injectable()
export class DeliverWebhookJob extends OutboxHandler {
  override readonly topic = DELIVER_WEBHOOK_TOPIC;

  constructor(private readonly deliver: DeliverWebhook) {
    super();
  }

  override async handle({ deliveryId }: OutboxEvent['payload'], signal: AbortSignal): Promise<void> {
    assert(isId(deliveryId), 'a delivery has an id');
    await this.deliver.runFirst(deliveryId as DeliveryId, signal);
  }
}
