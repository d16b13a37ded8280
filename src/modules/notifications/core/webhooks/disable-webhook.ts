import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { DeliveriesRepository } from '../../data/deliveries.repository.js';
import { type WebhookRef, WebhooksRepository } from '../../data/webhooks.repository.js';
import { Notices, OrganisationMail } from '../../notifications.contract.js';

/** Where it is written down that one was switched off, and who is told. */
@Injectable()
export class DisablingRecord {
  constructor(
    readonly audit: AuditLog,
    readonly notices: Notices,
    readonly mail: OrganisationMail,
    readonly clock: Clock,
  ) {}
}

/** Switches an endpoint off that takes nothing any more, and tells its organisation. */
@Injectable()
export class DisableWebhook {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly around: DisablingRecord,
  ) {}

  /** Once: whoever comes second finds it disabled. The transaction must be a system one. */
  async run(tx: Tx, ref: WebhookRef): Promise<void> {
    const webhook = await this.webhooks.lock(tx, ref);
    if (webhook?.status !== 'active') return;
    await this.webhooks.update(tx, ref, { status: 'disabled', updatedAt: this.around.clock.now() });
    const undelivered = await this.deliveries.giveUpAll(tx, ref);
    const { audit, notices, mail } = this.around;
    const { organisationId } = ref;
    await audit.record(tx, {
      actor: { kind: 'system', id: 'notifications' },
      action: 'webhook.disabled',
      organisationId,
      target: { type: 'webhook', id: ref.id },
      detail: { undelivered },
    });
    await notices.tellOrganisation(tx, organisationId, 'webhook_disabled', { webhookId: ref.id, undelivered });
    await mail.send(tx, 'webhook_disabled', { organisationId, roles: ['owner', 'admin'] }, { url: webhook.url });
  }
}
