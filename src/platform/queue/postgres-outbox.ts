import { assert } from '../../kernel/assert.js';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import type { Tx } from '../database/unit-of-work.js';
import type { EventPublisher, QueuedEvent } from './queue-ports.js';

/** Longer text would be content or a person's words, and the queue is no place for either (C1, K2). */
const LONGEST_VALUE = 200;

/** Writes the event as a row of the caller's transaction: it exists exactly when the change does. */
export class PostgresOutbox implements EventPublisher {
  constructor(private readonly clock: Clock) {}

  async publish(tx: Tx, event: QueuedEvent): Promise<void> {
    assert(Object.values(event.payload).every(isShort), `an event carries ids, enums and numbers (${event.topic})`);
    await tx.query('INSERT INTO outbox_event (id, topic, payload, created_at) VALUES ($1, $2, $3, $4)', [
      newId(),
      event.topic,
      JSON.stringify(event.payload),
      this.clock.now(),
    ]);
  }
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_VALUE;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
