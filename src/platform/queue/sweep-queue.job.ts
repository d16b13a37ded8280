import type { RepeatedJob } from './queue-ports.js';

/** BullMQ removes a job by age only when another one ends, so a quiet queue would keep its last jobs for ever (peers 29). */
export class SweepQueueJob implements RepeatedJob {
  readonly name = 'queue.sweep';
  readonly everySeconds = 300;

  constructor(private readonly sweep: () => Promise<void>) {}

  run(): Promise<void> {
    return this.sweep();
  }
}
