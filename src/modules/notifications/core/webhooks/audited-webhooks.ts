import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { errorCode, kernelErrors } from '../../../../kernel/errors.js';
import { FOREIGN_KEY_VIOLATION } from '../../../../platform/database/sql-states.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../../audit/audit.contract.js';
import type { WebhookRow } from '../../data/webhook-endpoint.entity.js';
import { type WebhookRef, WebhooksRepository } from '../../data/webhooks.repository.js';
import { notificationsErrors } from '../../notifications.errors.js';

/** An organisation needs a few; a bound keeps one notice from becoming thousands of requests. */
const MOST_WEBHOOKS = 20;
type Change = Partial<Omit<WebhookRow, 'id' | 'organisationId' | 'createdAt' | 'updatedAt'>>;

/** Writes endpoints, each change together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedWebhooks {
  constructor(
    private readonly repository: WebhooksRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `notifications/webhook_limit`, and `lethe/not_found` for an organisation that does not exist. */
  async add(tx: Tx, actor: AuditActor, wanted: Omit<WebhookRow, 'createdAt' | 'updatedAt'>): Promise<WebhookRow> {
    const { organisationId } = wanted;
    if ((await this.repository.countForAdding(tx, organisationId)) >= MOST_WEBHOOKS)
      throw notificationsErrors.webhook_limit({ details: { limit: MOST_WEBHOOKS } });
    const now = this.clock.now();
    const webhook: WebhookRow = { ...wanted, createdAt: now, updatedAt: now };
    await this.repository.insert(tx, webhook).catch(noSuchOrganisation);
    await this.audit.record(tx, { actor, action: 'webhook.created', ...about(webhook), detail: { eventTypes: webhook.eventTypes } });
    return webhook;
  }

  /** Raises `notifications/webhook_not_found`. */
  async get(tx: Tx, ref: WebhookRef): Promise<WebhookRow> {
    const webhook = await this.repository.find(tx, ref);
    if (webhook === null) throw notificationsErrors.webhook_not_found();
    return webhook;
  }

  /** The row, locked until the transaction ends. Raises `notifications/webhook_not_found`. */
  async lock(tx: Tx, ref: WebhookRef): Promise<WebhookRow> {
    const webhook = await this.repository.lock(tx, ref);
    if (webhook === null) throw notificationsErrors.webhook_not_found();
    return webhook;
  }

  /** `action` and `detail` are what the audit row says. Raises `notifications/webhook_not_found`. */
  async change(tx: Tx, ref: WebhookRef, change: Change, said: Pick<AuditEntry, 'actor' | 'action' | 'detail'>): Promise<WebhookRow> {
    if (!(await this.repository.update(tx, ref, { ...change, updatedAt: this.clock.now() }))) throw notificationsErrors.webhook_not_found();
    await this.audit.record(tx, { ...said, ...about(ref) });
    return this.get(tx, ref);
  }

  /** What waits for it is given up by whoever comes to deliver it. Raises `notifications/webhook_not_found`. */
  async remove(tx: Tx, actor: AuditActor, ref: WebhookRef): Promise<void> {
    if (!(await this.repository.delete(tx, ref))) throw notificationsErrors.webhook_not_found();
    await this.audit.record(tx, { actor, action: 'webhook.deleted', ...about(ref) });
  }

  /** A delivery asked for by hand. */
  async recordAsked(tx: Tx, actor: AuditActor, ref: WebhookRef, deliveryId: string): Promise<void> {
    await this.audit.record(tx, { actor, action: 'webhook.delivery_asked', ...about(ref), detail: { deliveryId } });
  }
}

function about({ organisationId, id }: WebhookRef): Pick<AuditEntry, 'organisationId' | 'target'> {
  return { organisationId, target: { type: 'webhook', id } };
}

function noSuchOrganisation(error: unknown): never {
  throw errorCode(error) === FOREIGN_KEY_VIOLATION ? kernelErrors.not_found({ cause: error }) : error;
}
