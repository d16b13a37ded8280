import { setTimeout as sleep } from 'node:timers/promises';
import type { UnitOfWork } from '../database/unit-of-work.js';
import type { Log } from '../telemetry/logger.js';
import type { QueueTuning } from './queue-options.js';
import type { QueuedEvent } from './queue-ports.js';
import { Trouble } from './trouble.js';

/** An event on its way out. `id` becomes the job's id, which is how the queue recognises one it already has. */
export interface OutgoingEvent extends QueuedEvent {
  readonly id: string;
}

/** Hands events to the queue; resolves when the queue has them for good. */
export type HandOver = (events: readonly OutgoingEvent[]) => Promise<void>;

const CLAIM = `
  WITH due AS (
    SELECT id FROM outbox_event
    WHERE claimed_until IS NULL OR claimed_until < clock_timestamp()
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE outbox_event o SET claimed_until = clock_timestamp() + make_interval(secs => $2)
    FROM due WHERE o.id = due.id
    RETURNING o.id, o.topic, o.payload
  )
  SELECT id, topic, payload FROM claimed ORDER BY id`;

/**
 * Moves committed events from the outbox to the queue, at least once each, in three steps with no transaction held across
 * them: claim (a lease on the rows), hand over, delete. Any number of relays may run; a row is leased to one at a time.
 *
 * Where a relay can die, and what then happens:
 * - before the claim commits: nothing has changed, any relay takes the rows;
 * - after the claim, before the queue has them: the lease runs out and another relay takes them;
 * - after the queue has them, before the delete: they are handed over again when the lease runs out, and the queue drops them
 *   because a job with that id exists. Should that job have ended and left the queue by then, its handler runs twice;
 * - half-way through a batch: the same, row by row.
 *
 * Leases are measured on the database's clock, so the clocks of relays may differ.
 */
export class OutboxRelay {
  private readonly stopped = new AbortController();
  private wakeUp: () => void = () => undefined;
  private woken = false;
  private running: Promise<void> | undefined;
  private readonly trouble: Trouble;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly handOver: HandOver,
    log: Log,
    private readonly tuning: Pick<QueueTuning, 'pollMs' | 'leaseSeconds' | 'batchSize' | 'reconnectMs'>,
  ) {
    this.trouble = new Trouble({
      begins: (error) => log.warn('events could not be handed to the queue; they stay in the outbox', { err: error }),
      ends: () => log.info('events are handed to the queue again'),
    });
  }

  start(): void {
    this.running ??= this.loop();
  }

  /** Says that there may be something to do. Cheap; calls in a burst are one. */
  wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  /** Takes no further batch and waits for the one in hand. */
  async stop(): Promise<void> {
    this.stopped.abort();
    this.wakeUp();
    await this.running;
  }

  /** Moves one batch and says how many events it held. Throws when a step fails; the rows then stay for another try. */
  async relayBatch(): Promise<number> {
    const events = await this.claim();
    if (events.length === 0) return 0;
    const ids = events.map((event) => event.id);
    try {
      await this.handOver(events);
    } catch (error) {
      await this.giveBack(ids);
      throw error;
    }
    await this.unitOfWork.asSystem((tx) => tx.query('DELETE FROM outbox_event WHERE id = ANY($1::uuid[])', [ids]));
    return events.length;
  }

  private async loop(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      this.woken = false;
      try {
        const moved = await this.relayBatch();
        this.trouble.over();
        if (moved < this.tuning.batchSize) await this.rest();
      } catch (error) {
        this.trouble.noticed(error);
        await sleep(this.tuning.reconnectMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
      }
    }
  }

  private claim(): Promise<OutgoingEvent[]> {
    const { batchSize, leaseSeconds } = this.tuning;
    return this.unitOfWork.asSystem((tx) => tx.query<OutgoingEvent[]>(CLAIM, [batchSize, leaseSeconds]));
  }

  /** Best effort: where it fails, the lease runs out by itself. */
  private async giveBack(ids: readonly string[]): Promise<void> {
    await this.unitOfWork
      .asSystem((tx) => tx.query('UPDATE outbox_event SET claimed_until = NULL WHERE id = ANY($1::uuid[])', [ids]))
      .catch(() => undefined);
  }

  private rest(): Promise<void> {
    if (this.woken || this.stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.tuning.pollMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
