import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { DeliveriesRepository } from '../../data/deliveries.repository.js';
import type { DeliveryId } from '../../data/webhook-delivery.entity.js';
import type { WebhookEventRow } from '../../data/webhook-event.entity.js';
import type { WebhookRef } from '../../data/webhooks.repository.js';
import { notificationsErrors } from '../../notifications.errors.js';
import { AuditedWebhooks } from './audited-webhooks.js';
import { DeliveryDesk } from './publish-webhook-event.js';
import { TEST_EVENT_TYPE } from './webhook-event-types.js';
import { type DeliveryView, toDeliveryView } from './webhook-view.js';

/** Deliveries somebody asks for by hand: a test, and an old event once more. */
@Injectable()
export class AskForDelivery {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: AuditedWebhooks,
    private readonly deliveries: DeliveriesRepository,
    private readonly desk: DeliveryDesk,
  ) {}

  /** Sends a `webhook.test`. Raises `notifications/webhook_not_found` and `notifications/webhook_disabled`. */
  test(actor: AuditActor, ref: WebhookRef): Promise<DeliveryView> {
    return this.ask(actor, ref, (tx) =>
      this.desk.addEvent(tx, ref.organisationId, { type: TEST_EVENT_TYPE, detail: { webhookId: ref.id } }),
    );
  }

  /**
   * Sends the event of a delivery again: the same `webhook-id` and the same bytes, so a receiver that had it can tell. It is a delivery of its
   * own in the log. Raises `notifications/delivery_not_found` too.
   */
  replay(actor: AuditActor, ref: WebhookRef, id: DeliveryId): Promise<DeliveryView> {
    return this.ask(actor, ref, async (tx) => {
      const delivery = await this.deliveries.find(tx, ref, id);
      const event = delivery && (await this.deliveries.findEvent(tx, ref, delivery.eventId));
      if (!event) throw notificationsErrors.delivery_not_found();
      return event;
    });
  }

  private ask(actor: AuditActor, ref: WebhookRef, eventIn: (tx: Tx) => Promise<WebhookEventRow>): Promise<DeliveryView> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const { status } = await this.webhooks.get(tx, ref);
      if (status !== 'active') throw notificationsErrors.webhook_disabled();
      const delivery = await this.desk.start(tx, await eventIn(tx), ref.id);
      await this.webhooks.recordAsked(tx, actor, ref, delivery.id);
      return toDeliveryView(delivery);
    });
  }
}
