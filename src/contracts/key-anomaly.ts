import type { ApiKeyId, OrganisationId } from '../kernel/ids.js';
import type { OutboxEvent } from './outbox.js';

/** What can be unusual about how an API key is used (A7). */
export const KEY_ANOMALIES = ['new_country', 'burst', 'spend'] as const;

export type KeyAnomaly = (typeof KEY_ANOMALIES)[number];

/** Whoever notices something unusual about a key publishes this; what becomes of the key is for its owner, `auth`, to decide. */
export const KEY_ANOMALY_TOPIC = 'keys.anomaly';

/** A reason code and nothing else: not which country, not how many calls, not what they were about. */
export interface KeyAnomalySighting {
  readonly organisationId: OrganisationId;
  readonly keyId: ApiKeyId;
  readonly reason: KeyAnomaly;
  /** When it was noticed, epoch milliseconds. */
  readonly atMs: number;
}

export function keyAnomalyEvent({ organisationId, keyId, reason, atMs }: KeyAnomalySighting): OutboxEvent {
  return { topic: KEY_ANOMALY_TOPIC, payload: { organisationId, keyId, reason, atMs } };
}
