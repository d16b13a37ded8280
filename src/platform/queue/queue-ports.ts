import type { Abstract } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import type { JobOutcome } from '../telemetry/metrics.js';

// The shapes of `contracts/outbox.ts` and `contracts/recurring-job.ts` as the queue sees them. The platform lies below the
// contracts and may not import them; `app/` hands their classes in, and the compiler checks that they fit.

export interface QueuedEvent {
  readonly topic: string;
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
}

export interface EventPublisher {
  publish(tx: Tx, event: QueuedEvent): Promise<void>;
}

export interface EventHandler {
  readonly topic: string;
  handle(payload: QueuedEvent['payload'], signal: AbortSignal): Promise<void>;
}

export interface RepeatedJob {
  readonly name: string;
  readonly everySeconds: number;
  readonly isLong?: boolean;
  run(signal: AbortSignal): Promise<void>;
}

/** The classes that providers extend to be found, and the token publishers inject. */
export interface QueueContracts {
  readonly outbox: Abstract<EventPublisher>;
  readonly handler: Abstract<EventHandler>;
  readonly job: Abstract<RepeatedJob>;
}

/** What the queue reports to the metrics. */
export interface JobMetrics {
  jobFinished(job: string, outcome: JobOutcome, seconds: number): void;
}
