import { FinishedJobs } from './finished-jobs.js';
import { DEFAULT_TUNING } from './queue-options.js';
import type { QueueWorker } from './queue-worker.js';

const NONE = new FinishedJobs(() => [], { completed: DEFAULT_TUNING.keepCompleted, failed: DEFAULT_TUNING.keepFailed });

/** What the queue no longer needs, for whoever lets go of it. In a process that does not work on the queue there is nothing. */
export class QueueHousekeeping {
  constructor(private readonly worker: () => QueueWorker | undefined) {}

  get finished(): FinishedJobs {
    return this.worker()?.finished ?? NONE;
  }

  /** Empties the stream of what happened to which job. */
  async forgetEvents(): Promise<void> {
    await this.worker()?.forgetEvents();
  }
}
