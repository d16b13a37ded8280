import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { WebhookStatus } from '../../data/webhook-endpoint.entity.js';
import type { WebhookRef } from '../../data/webhooks.repository.js';
import { AuditedWebhooks } from './audited-webhooks.js';
import { WebhookAddresses } from './webhook-addresses.js';
import { toWebhookView, type WebhookView } from './webhook-view.js';

export interface WebhookChange {
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly status?: WebhookStatus | undefined;
}

/** Changes an endpoint; enabling it forgets that it failed. Also deletes one. */
@Injectable()
export class ChangeWebhook {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: AuditedWebhooks,
    private readonly addresses: WebhookAddresses,
  ) {}

  /** Raises `notifications/webhook_not_found`, `outbound/*`, and 400 when there is nothing to change. */
  async run(actor: AuditActor, ref: WebhookRef, { url, description, eventTypes, status }: WebhookChange): Promise<WebhookView> {
    const change = {
      ...(url === undefined ? {} : { url: this.addresses.checkUrl(url) }),
      ...(description === undefined ? {} : { description: description.trim() }),
      ...(eventTypes === undefined ? {} : { eventTypes: [...new Set(eventTypes)] }),
      ...(status === undefined ? {} : { status }),
    };
    const fields = Object.keys(change);
    if (fields.length === 0) throw invalidRequest([{ field: 'body', message: 'must change at least one field' }]);
    const renewed = status === 'active' ? { ...change, failingSince: null } : change;
    const said = { actor, action: 'webhook.changed', detail: { fields, ...(status === undefined ? {} : { status }) } } as const;
    return toWebhookView(await this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.webhooks.change(tx, ref, renewed, said)));
  }

  /** Raises `notifications/webhook_not_found`. */
  async remove(actor: AuditActor, ref: WebhookRef): Promise<void> {
    await this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.webhooks.remove(tx, actor, ref));
  }
}
