import type { Tx } from '../platform/database/unit-of-work.js';
import type { DataClass } from './data-classes.js';
import type { LegalHolds } from './legal-holds.js';

export interface SweepContext {
  readonly nowMs: number;
  /** Stop between two steps when it fires; the next round goes on. */
  readonly signal: AbortSignal;
  /** For what is no row: rows that are held the database keeps by itself. */
  readonly holds: LegalHolds;
}

/** Table → rows removed from it. */
export type RemovedRows = Readonly<Record<string, number>>;

/** A round over tables. */
export interface TableSweep extends SweepContext {
  /**
   * Runs `work` in a system transaction and notes in the same one how many rows it says it has removed of which table: wherever the process dies,
   * what went is in one receipt and what is in a receipt went. Answers what `work` does; may be called for one batch after the other.
   */
  removing(this: void, work: (tx: Tx) => Promise<RemovedRows>): Promise<RemovedRows>;
}

/** One thing that a store that is no table lets go of. */
export interface RemovedEntry {
  /** By what the store would offer it again if it were still there: an id or a path, never content. */
  readonly entry: string;
  /** What it counts for; 1 unless told. */
  readonly rows?: number;
  /** Where that is known. */
  readonly bytes?: number;
}

/** A round over a store that is no table. */
export interface StoreSweep extends SweepContext {
  /**
   * Announces the entries, runs `removal`, and notes that they are gone. A process that dies in between leaves the announcement: the entry is offered
   * again by the next round and counted then, or is gone by then and counted at the end of it. `removal` may be repeated, and is not run for
   * no entries.
   */
  removing(this: void, entries: readonly RemovedEntry[], removal: () => Promise<void>): Promise<void>;
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
  abstract sweep(round: TableSweep): Promise<void>;
}

/** The same for what is no table: files, queues, keys in Redis, blobs. */
export abstract class SweptStore {
  /** As the inventory declares it, such as `blobs.backups`. */
  abstract readonly store: string;
  abstract readonly dataClass: DataClass;
  /** Whether each process has one of its own, as a folder on its disk: it is swept by whoever has it, and not by the worker alone. */
  readonly isOfProcess: boolean = false;
  /** Whether the store lets go by itself: then the sweep looks for what it would not, and the day's receipt says what was seen. */
  readonly expiresByItself: boolean = false;
  /** A round that ends has offered everything that is due. One that cannot raises, or is aborted. */
  abstract sweep(round: StoreSweep): Promise<void>;
  /** Null when it is empty. */
  abstract oldestSurvivor(nowMs: number): Promise<Survivor | null>;
  /** How much there is, in what it counts removals by; null where counting costs too much. */
  entries(): Promise<number | null> {
    return Promise.resolve(null);
  }
}
