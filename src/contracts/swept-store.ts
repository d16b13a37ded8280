import type { DataClass } from './data-classes.js';
import type { LegalHolds } from './legal-holds.js';

export interface SweepContext {
  readonly nowMs: number;
  /** Stop between two steps when it fires; the next round goes on. */
  readonly signal: AbortSignal;
  /** For what is no row: rows that are held the database keeps by itself. */
  readonly holds: LegalHolds;
}

/** What one sweep removed. */
export interface Swept {
  readonly rows: number;
  /** Where that is known without looking at what is gone. */
  readonly bytes?: number;
}

/** The oldest thing a store still has. */
export interface Survivor {
  readonly writtenAt: Date;
  /** When it has to be gone. */
  readonly dueAt: Date;
}

/**
 * Sweeps tables that have no partitions to drop. One round every five minutes calls all of them, one after the other, writes the receipts and finds
 * out, by what the inventory says of each table, whether anything outlived its time. Collected by discovery; be idempotent.
 */
export abstract class SweptTables {
  /** Table → rows removed, for every table it looks after. */
  abstract sweep(context: SweepContext): Promise<Readonly<Record<string, number>>>;
}

/** The same for what is no table: files, queues, keys in Redis, blobs. */
export abstract class SweptStore {
  /** Such as `queue.finished_jobs`: lower case, with dots, unique. */
  abstract readonly store: string;
  abstract readonly dataClass: DataClass;
  abstract sweep(context: SweepContext): Promise<Swept>;
  /** Null when it is empty. */
  abstract oldestSurvivor(nowMs: number): Promise<Survivor | null>;
}
