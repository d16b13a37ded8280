import { Injectable } from '@nestjs/common';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { WebhookId } from '../../data/webhook-endpoint.entity.js';
import { AuditedWebhooks } from './audited-webhooks.js';
import { WebhookAddresses } from './webhook-addresses.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { toWebhookView, type WebhookWithSecret } from './webhook-view.js';

export interface NewWebhook {
  readonly url: string;
  readonly description: string;
  readonly eventTypes: readonly string[];
}

/** Makes an endpoint and shows its signing secret, once. */
@Injectable()
export class CreateWebhook {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: AuditedWebhooks,
    private readonly secrets: WebhookSecrets,
    private readonly addresses: WebhookAddresses,
  ) {}

  /** Raises `outbound/*`, `notifications/webhook_limit`, `notifications/key_not_ready` and `lethe/not_found`. */
  async run(actor: AuditActor, organisationId: OrganisationId, wanted: NewWebhook): Promise<WebhookWithSecret> {
    const url = this.addresses.checkUrl(wanted.url);
    const id = newId<WebhookId>();
    const { secret, sealed } = this.secrets.issue(id, 1);
    const row = await this.unitOfWork.forOrganisation(organisationId, (tx) =>
      this.webhooks.add(tx, actor, {
        id,
        organisationId,
        url,
        description: wanted.description.trim(),
        eventTypes: [...new Set(wanted.eventTypes)],
        status: 'active',
        secretVersion: 1,
        sealedSecret: sealed,
        previousSealedSecret: null,
        previousExpiresAt: null,
        failingSince: null,
      }),
    );
    return { ...toWebhookView(row), secret };
  }
}
