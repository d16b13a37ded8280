import type { QueueWorker } from './queue-worker.js';

/** Whether this process can do its part for the queue. One that only publishes needs nothing but its database. */
export class QueueHealth {
  constructor(private readonly worker: () => QueueWorker | undefined) {}

  /** Rejects with `lethe/unavailable` when the worker role is not at work. */
  async check(): Promise<void> {
    await this.worker()?.check();
  }
}
