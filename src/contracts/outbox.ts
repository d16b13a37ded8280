import type { Tx } from '../platform/database/unit-of-work.js';

/** Something other rooms may react to. `payload` carries ids, enums and numbers, never personal data: it passes through the queue. */
export interface OutboxEvent {
  readonly topic: string;
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
}

/** Publishes events with the change that caused them: the row commits with it, a relay hands it to the queue afterwards. */
export abstract class Outbox {
  abstract publish(tx: Tx, event: OutboxEvent): Promise<void>;
}

/** Reacts to a topic, at least once per event and in no promised order: be idempotent. */
export abstract class OutboxHandler {
  abstract readonly topic: string;
  abstract handle(payload: OutboxEvent['payload'], signal: AbortSignal): Promise<void>;
}
