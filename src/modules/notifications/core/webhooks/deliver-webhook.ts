import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Metrics } from '../../../../platform/telemetry/metrics.js';
import { type AttemptResult, DeliveriesRepository } from '../../data/deliveries.repository.js';
import type { DeliveryId, DeliveryRow } from '../../data/webhook-delivery.entity.js';
import type { WebhookRow } from '../../data/webhook-endpoint.entity.js';
import type { WebhookEventRow } from '../../data/webhook-event.entity.js';
import { WebhooksRepository } from '../../data/webhooks.repository.js';
import { DisableWebhook } from './disable-webhook.js';
import { waitAfter } from './retry-schedule.js';
import { type PostResult, WebhookPost } from './webhook-post.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { signatureHeaders } from './webhook-signature.js';

/** Longer than an attempt can take: whoever holds a delivery past this is dead, and another may have it. */
const LEASE_MS = 60_000;
/** An endpoint that has taken nothing for this long is switched off. */
const PATIENCE_MS = 24 * 3_600_000;
const GONE = 410;
const RANDOM_STEPS = 1_000;

/** Where deliveries and their endpoints are kept. */
@Injectable()
export class DeliveryBooks {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly deliveries: DeliveriesRepository,
    readonly webhooks: WebhooksRepository,
    readonly disable: DisableWebhook,
  ) {}
}

/** What an attempt asks of the process around it. */
@Injectable()
export class DeliverySurroundings {
  constructor(
    readonly clock: Clock,
    readonly metrics: Metrics,
  ) {}
}

interface Prepared {
  readonly delivery: DeliveryRow;
  readonly endpoint: WebhookRow;
  readonly event: WebhookEventRow;
}

/**
 * Makes one attempt at one delivery and writes down how it went. At least once: a process that dies after the receiver has answered tries again
 * when its lease is over, with the same `webhook-id`.
 */
@Injectable()
export class DeliverWebhook {
  constructor(
    private readonly books: DeliveryBooks,
    private readonly post: WebhookPost,
    private readonly secrets: WebhookSecrets,
    private readonly around: DeliverySurroundings,
  ) {}

  /**
   * The attempt right after the commit. An endpoint that is failing gets none: it may take its whole time to fail again, and the queue's places
   * are for mails too. What is due is found by the next round.
   */
  async runFirst(id: DeliveryId, stopped: AbortSignal): Promise<void> {
    if (await this.books.unitOfWork.asSystem((tx) => this.books.deliveries.leadsWhereThingsArrive(tx, id))) await this.run(id, stopped);
  }

  /** Does nothing when the delivery is not due, or somebody else is at it. */
  async run(id: DeliveryId, stopped: AbortSignal): Promise<void> {
    const prepared = await this.books.unitOfWork.asSystem((tx) => this.prepare(tx, id));
    if (prepared === null) return;
    const { endpoint, event } = prepared;
    const body = bodyOf(event);
    const secrets = await this.secrets.signing(endpoint, this.around.clock.now());
    const timestampSeconds = Math.floor(this.around.clock.nowMs() / 1_000);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'lethe-webhooks/1',
      ...signatureHeaders(secrets, { id: `msg_${event.id}`, timestampSeconds, body }),
    };
    const result = await this.post.send({ url: endpoint.url, headers, body }, stopped);
    await this.books.unitOfWork.asSystem((tx) => this.conclude(tx, prepared, result));
  }

  /** Null when there is nothing to send; what cannot be sent any more is given up. */
  private async prepare(tx: Tx, id: DeliveryId): Promise<Prepared | null> {
    const now = this.around.clock.now();
    const delivery = await this.books.deliveries.claim(tx, id, now, new Date(now.getTime() + LEASE_MS));
    if (delivery === null) return null;
    const { organisationId, endpointId } = delivery;
    const endpoint = await this.books.webhooks.find(tx, { organisationId, id: endpointId });
    const event = await this.books.deliveries.findEvent(tx, delivery, delivery.eventId);
    if (endpoint?.status === 'active' && event !== null) return { delivery, endpoint, event };
    const failure = endpoint === null ? 'webhook_deleted' : 'webhook_disabled';
    await this.books.deliveries.record(tx, delivery, { ...delivery, state: 'given_up', nextAttemptAt: null, failure });
    return null;
  }

  private async conclude(tx: Tx, { delivery, endpoint: tried }: Prepared, result: PostResult): Promise<void> {
    const { clock, metrics } = this.around;
    const ref = { organisationId: tried.organisationId, id: tried.id };
    // Locked before its deliveries, as by whoever switches it off; and as it is now: an attempt takes long enough for it to be changed.
    const endpoint = await this.books.webhooks.lock(tx, ref);
    const outcome = resultOf(delivery, result, clock.now());
    await this.books.deliveries.record(tx, delivery, outcome);
    metrics.webhookAttempted(outcome.state === 'waiting' ? 'failed' : outcome.state);
    // How another address answered says nothing about this one.
    if (endpoint === null || endpoint.url !== tried.url) return;
    if (outcome.state === 'delivered') {
      if (endpoint.failingSince !== null) await this.books.webhooks.update(tx, ref, { failingSince: null });
      return;
    }
    const failingSince = endpoint.failingSince ?? clock.now();
    if (endpoint.failingSince === null) await this.books.webhooks.update(tx, ref, { failingSince });
    const isLost = outcome.state === 'given_up' && clock.nowMs() - failingSince.getTime() >= PATIENCE_MS;
    if (result.status === GONE || isLost) await this.books.disable.run(tx, ref);
  }
}

/** The same bytes at every attempt; `JSON.stringify` keeps the order of members. */
function bodyOf({ type, createdAt, organisationId, detail }: WebhookEventRow): string {
  return JSON.stringify({ type, timestamp: createdAt.toISOString(), data: { organisationId, ...detail } });
}

function resultOf(delivery: DeliveryRow, result: PostResult, now: Date): AttemptResult {
  const attempts = delivery.attempts + 1;
  const tried = { attempts, httpStatus: result.status, attemptedAt: now };
  if (result.status !== null && result.status >= 200 && result.status < 300)
    return { ...tried, state: 'delivered', failure: null, nextAttemptAt: null };
  const failure = result.status === null ? result.failure : null;
  const asked = result.status === null ? null : result.retryAfterSeconds;
  const waitMs = waitAfter(attempts, asked, randomInt(RANDOM_STEPS) / RANDOM_STEPS);
  if (waitMs === null || result.status === GONE) return { ...tried, state: 'given_up', failure, nextAttemptAt: null };
  return { ...tried, state: 'waiting', failure, nextAttemptAt: new Date(now.getTime() + waitMs) };
}
