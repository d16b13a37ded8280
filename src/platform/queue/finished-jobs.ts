import type { KeptJobs } from './queue-options.js';
import type { JobQueue } from './queue-store.js';

const STATES = ['completed', 'failed'] as const;
const BATCH = 100;

/** Jobs that have been finished for as long as they may be kept. */
export interface DueJobs {
  /** Queue and id of each. */
  readonly names: readonly string[];
  /** One that is gone by then is none to remove. */
  remove(this: void): Promise<void>;
}

/** How long a finished job has been one, and how long it may be, milliseconds. */
export interface FinishedJobAge {
  readonly ageMs: number;
  readonly keptMs: number;
}

/**
 * Finished jobs of all queues. BullMQ removes one by age only when another ends, so a quiet queue would keep its last for ever (peers 29). It stamps jobs by
 * the machine's clock, so they are counted by that one.
 */
export class FinishedJobs {
  /** `queues`: those this process works on; none while it works on none. */
  constructor(
    private readonly queues: () => readonly JobQueue[],
    private readonly kept: Readonly<Record<(typeof STATES)[number], KeptJobs>>,
  ) {}

  /** Batch after batch, the oldest first. Remove one before asking for the next. */
  async *due(): AsyncGenerator<DueJobs> {
    for (const queue of this.queues()) {
      for (const state of STATES) {
        const isDue = (job: { finishedOn?: number }): boolean => Date.now() - (job.finishedOn ?? 0) > this.kept[state].age * 1_000;
        for (let isMore = true; isMore; ) {
          const jobs = await queue.getJobs([state], 0, BATCH - 1, true);
          const ids = jobs.filter(isDue).flatMap(({ id }) => (id === undefined ? [] : [id]));
          isMore = ids.length === BATCH;
          if (ids.length > 0) {
            yield {
              names: ids.map((id) => `${queue.name}/${id}`),
              remove: async () => void (await Promise.all(ids.map((id) => queue.remove(id)))),
            };
          }
        }
      }
    }
  }

  /** The one that is overdue the longest, or due first; null when there is none. */
  async oldest(): Promise<FinishedJobAge | null> {
    const ages: FinishedJobAge[] = [];
    for (const queue of this.queues()) {
      for (const state of STATES) {
        const [job] = await queue.getJobs([state], 0, 0, true);
        if (job?.finishedOn !== undefined) ages.push({ ageMs: Date.now() - job.finishedOn, keptMs: this.kept[state].age * 1_000 });
      }
    }
    return ages.toSorted((a, b) => b.ageMs - b.keptMs - (a.ageMs - a.keptMs))[0] ?? null;
  }

  async count(): Promise<number> {
    let count = 0;
    for (const queue of this.queues()) count += await queue.getJobCountByTypes(...STATES);
    return count;
  }
}
