import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { DeliveriesRepository } from '../../data/deliveries.repository.js';
import type { DeliveryId } from '../../data/webhook-delivery.entity.js';
import type { WebhookId } from '../../data/webhook-endpoint.entity.js';
import { type WebhookRef, WebhooksRepository } from '../../data/webhooks.repository.js';
import { AuditedWebhooks } from './audited-webhooks.js';
import { type DeliveryView, toDeliveryView, toWebhookView, type WebhookView } from './webhook-view.js';

/** Shows endpoints and what became of their deliveries. */
@Injectable()
export class ReadWebhooks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: AuditedWebhooks,
    private readonly repository: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
  ) {}

  /** Oldest first. */
  async list(
    organisationId: OrganisationId,
    page: { readonly after: WebhookId | undefined; readonly limit: number },
  ): Promise<WebhookView[]> {
    const rows = await this.unitOfWork.forOrganisation(organisationId, (tx) =>
      this.repository.list(tx, organisationId, page.after, page.limit),
    );
    return rows.map(toWebhookView);
  }

  /** Raises `notifications/webhook_not_found`. */
  async get(ref: WebhookRef): Promise<WebhookView> {
    return toWebhookView(await this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.webhooks.get(tx, ref)));
  }

  /** Newest first. Raises `notifications/webhook_not_found`. */
  async deliveriesOf(ref: WebhookRef, page: { readonly before: DeliveryId | undefined; readonly limit: number }): Promise<DeliveryView[]> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      await this.webhooks.get(tx, ref);
      return (await this.deliveries.list(tx, ref, page.before, page.limit)).map(toDeliveryView);
    });
  }
}
