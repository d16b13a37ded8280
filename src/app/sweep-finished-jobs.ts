import { Injectable } from '@nestjs/common';
import { type StoreSweep, type Survivor, SweptStore } from '../contracts/swept-store.js';
import { QueueHousekeeping } from '../platform/queue/queue-housekeeping.js';

/** Removes finished jobs that are old enough, on either backend. The platform may not reach up to the contracts: what it keeps is swept from here. */
@Injectable()
export class SweepFinishedJobs extends SweptStore {
  override readonly store = 'queue.finished_jobs';
  override readonly dataClass = 'operational';

  constructor(private readonly queue: QueueHousekeeping) {
    super();
  }

  override async sweep({ signal, removing }: StoreSweep): Promise<void> {
    for await (const { names, remove } of this.queue.finished.due()) {
      if (signal.aborted) return;
      await removing(
        names.map((entry) => ({ entry })),
        remove,
      );
    }
    await this.queue.forgetEvents();
  }

  override async oldestSurvivor(nowMs: number): Promise<Survivor | null> {
    const oldest = await this.queue.finished.oldest();
    if (oldest === null) return null;
    const writtenMs = nowMs - oldest.ageMs;
    return { writtenAt: new Date(writtenMs), dueAt: new Date(writtenMs + oldest.keptMs) };
  }

  override entries(): Promise<number> {
    return this.queue.finished.count();
  }
}
