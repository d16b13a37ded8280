import type { KeyRow } from './key-book.js';

interface Waiter {
  readonly hash: Buffer;
  readonly promise: Promise<KeyRow | null>;
  readonly resolve: (row: KeyRow | null) => void;
  readonly reject: (error: unknown) => void;
}

export interface LookupBounds {
  /** Hashes in one statement. */
  readonly batch: number;
  /** Hashes that may wait for the next one. */
  readonly waiting: number;
  /** Longest a statement may take before those who asked are told. */
  readonly timeoutMs: number;
  /** Statements given up that may still hold their connection; past it nothing is asked until one of them ends. */
  readonly stuck: number;
}

/**
 * Reads keys that memory does not hold, one statement at a time: whatever is asked for meanwhile goes into the next one, the same key
 * once. However many strangers knock, the database sees one short query. When a statement fails, all who wait are told.
 */
export class KeyLookups {
  private waiting = new Map<string, Waiter>();
  private underway = new Map<string, Waiter>();
  private unfinishedReads = 0;

  constructor(
    private readonly read: (hashes: readonly Buffer[]) => Promise<readonly KeyRow[]>,
    private readonly bounds: LookupBounds,
  ) {}

  /** The row with this hash, or null. Rejects when it could not be read in time, or too many wait already. */
  find(hash: Buffer): Promise<KeyRow | null> {
    const name = hash.toString('latin1');
    const asked = this.underway.get(name) ?? this.waiting.get(name);
    if (asked !== undefined) return asked.promise;
    if (this.waiting.size >= this.bounds.waiting) return Promise.reject(new Error('too many keys wait to be looked up'));
    const waiter: Waiter = { hash, ...Promise.withResolvers<KeyRow | null>() };
    this.waiting.set(name, waiter);
    if (this.underway.size === 0) void this.drain();
    return waiter.promise;
  }

  private async drain(): Promise<void> {
    while (this.waiting.size > 0) {
      const batch = [...this.waiting].slice(0, this.bounds.batch);
      this.underway = new Map(batch);
      for (const [name] of batch) this.waiting.delete(name);
      try {
        await this.answer(this.underway);
      } catch (error) {
        for (const waiter of [...this.underway.values(), ...this.waiting.values()]) waiter.reject(error);
        this.waiting.clear();
      }
      this.underway = new Map();
    }
  }

  private async answer(batch: ReadonlyMap<string, Waiter>): Promise<void> {
    if (this.unfinishedReads > this.bounds.stuck) throw new Error('the database does not answer');
    this.unfinishedReads += 1;
    const reading = this.read([...batch.values()].map((waiter) => waiter.hash)).finally(() => {
      this.unfinishedReads -= 1;
    });
    const rows = await this.inTime(reading);
    const found = new Map(
      rows.flatMap((row) => [row.secretHash, row.previousHash].map((hash) => [hash?.toString('latin1'), row] as const)),
    );
    for (const [name, waiter] of batch) waiter.resolve(found.get(name) ?? null);
  }

  private async inTime<T>(reading: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('looking up a key took too long')), this.bounds.timeoutMs);
    try {
      return await Promise.race([reading, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
