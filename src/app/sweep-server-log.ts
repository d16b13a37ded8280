import { basename } from 'node:path';
import { type StoreSweep, type Survivor, SweptStore } from '../contracts/swept-store.js';
import { DAY_MS } from '../kernel/clock.js';
import { type LogFile, ServerLog } from '../platform/database/server-log.js';

/** How long a line may be read. */
const KEPT_MS = 7 * DAY_MS;

/**
 * Empties the log of the built-in PostgreSQL server once its oldest line is a week old: nothing but its size would bound it otherwise. There is none in
 * production, whose server and log are the operator's, as is whatever becomes of Lethe's own lines behind standard output.
 */
export class SweepServerLog extends SweptStore {
  override readonly store = 'files.server-log';
  override readonly dataClass = 'operational';
  override readonly isOfProcess = true;

  constructor(private readonly log: ServerLog) {
    super();
  }

  override async sweep({ nowMs, removing }: StoreSweep): Promise<void> {
    for (const file of await this.log.files()) {
      if (dueMs(file) > nowMs) continue;
      const { bytes, since } = file;
      // Emptied again and again, a file is another entry each time.
      const entry = `${basename(file.path)} since ${since.toISOString()}`;
      await removing([{ entry, bytes }], () => this.log.discard(file));
    }
  }

  override async oldestSurvivor(): Promise<Survivor | null> {
    const [oldest] = (await this.log.files()).toSorted((a, b) => a.since.getTime() - b.since.getTime());
    return oldest ? { writtenAt: oldest.since, dueAt: new Date(dueMs(oldest)) } : null;
  }

  override async entries(): Promise<number> {
    return (await this.log.files()).length;
  }
}

function dueMs({ since }: LogFile): number {
  return since.getTime() + KEPT_MS;
}
