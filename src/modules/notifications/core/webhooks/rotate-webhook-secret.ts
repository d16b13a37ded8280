import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { WebhookRef } from '../../data/webhooks.repository.js';
import { AuditedWebhooks } from './audited-webhooks.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { toWebhookView, type WebhookWithSecret } from './webhook-view.js';

const HOUR_MS = 3_600_000;

/** Gives an endpoint a new signing secret; for a while every delivery is signed with both, so that its receiver can follow in its own time. */
@Injectable()
export class RotateWebhookSecret {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: AuditedWebhooks,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  /** `overlapHours` 0: the old secret signs nothing more. Raises `notifications/webhook_not_found` and `notifications/key_not_ready`. */
  async run(actor: AuditActor, ref: WebhookRef, overlapHours: number): Promise<WebhookWithSecret> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const { secretVersion: before, sealedSecret } = await this.webhooks.lock(tx, ref);
      const secretVersion = before + 1;
      // In memory: the key is open, and nobody is asked while the row is locked.
      const { secret, sealed } = this.secrets.issue(ref.id, secretVersion);
      const previous =
        overlapHours === 0
          ? { previousSealedSecret: null, previousExpiresAt: null }
          : { previousSealedSecret: sealedSecret, previousExpiresAt: new Date(this.clock.nowMs() + overlapHours * HOUR_MS) };
      const change = { secretVersion, sealedSecret: sealed, ...previous };
      const said = { actor, action: 'webhook.secret_rotated', detail: { secretVersion, overlapHours } } as const;
      return { ...toWebhookView(await this.webhooks.change(tx, ref, change, said)), secret };
    });
  }
}
