import type { QueueContracts } from './queue-ports.js';

/** How the queue is set up. Connection strings hold passwords: they are never logged and never part of an error. */
export interface QueueOptions {
  readonly postgres: {
    readonly url: string;
    /** A role to take on after log-in, such as `lethe_queue`; see `queue-schema.ts` for what it must be granted. */
    readonly role?: string;
  };
  /** When given, jobs live in Redis. It must persist (AOF): an event handed over to it has left the outbox. */
  readonly redisUrl?: string;
  /** Sets installations sharing one Redis or one database apart. Letters, digits, `_` and `-`. */
  readonly prefix: string;
  /** Whether this process works on jobs. Without it nothing connects: publishing is one insert in the caller's transaction. */
  readonly worker: boolean;
  /** The classes of `src/contracts` that the queue serves. */
  readonly contracts: QueueContracts;
  readonly tuning?: Partial<QueueTuning>;
}

/** Finished jobs of one kind that are kept: at most `count`, none older than `age` seconds. */
export interface KeptJobs {
  readonly age: number;
  readonly count: number;
}

export interface QueueTuning {
  /** Tries of one event before it is dead. With the back-off below the last one comes about a day after the first. */
  readonly attempts: number;
  /** First back-off; doubles each time, less a random part of up to half. */
  readonly backoffMs: number;
  /** Jobs of one queue a process runs at once. */
  readonly concurrency: number;
  /** Long jobs a process runs at once. */
  readonly longConcurrency: number;
  /** A worker that has not renewed a job's lock for this long is taken for dead. */
  readonly lockMs: number;
  /** How often dead workers' jobs are looked for; two looks are needed. */
  readonly stalledCheckMs: number;
  /** The longest an event waits when its notification was lost. */
  readonly pollMs: number;
  /** How long a relay may hold on to events it has claimed. */
  readonly leaseSeconds: number;
  readonly batchSize: number;
  /** How often a lost connection is tried again. */
  readonly reconnectMs: number;
  /** How often the schedules are written again, in case the store lost them. */
  readonly scheduleCheckMs: number;
  /** How long a shutdown waits for running jobs; what has not ended by then is run again elsewhere. */
  readonly shutdownMs: number;
  /** Completed events are kept this long only so that one handed over twice is recognised: longer than `leaseSeconds`. */
  readonly keepCompleted: KeptJobs;
  readonly keepFailed: KeptJobs;
}

export const DEFAULT_TUNING: QueueTuning = {
  attempts: 15,
  backoffMs: 5_000,
  concurrency: 5,
  longConcurrency: 2,
  lockMs: 30_000,
  stalledCheckMs: 30_000,
  pollMs: 5_000,
  leaseSeconds: 60,
  batchSize: 100,
  reconnectMs: 1_000,
  scheduleCheckMs: 60_000,
  shutdownMs: 10_000,
  keepCompleted: { age: 600, count: 500 },
  keepFailed: { age: 3 * 86_400, count: 500 },
};
