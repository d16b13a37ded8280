import { CONTENT_STORES, type ContentStore } from '../../content.contract.js';
import type { ContentFacts, ContentRow, PlacedRow } from '../../data/content-rows.js';

const FIRST_BYTES = 65_536;
/** What a batch needed more than this for is rare; it is let go of. */
const KEPT_BYTES = 2 * 1_048_576;

/** Rows of one store, and one buffer with the sealed bytes of all of them. */
class SealedRows {
  readonly rows: PlacedRow[] = [];
  private memory = Buffer.alloc(0);
  private used = 0;

  get sealed(): Buffer {
    return this.memory.subarray(0, this.used);
  }

  /** Bytes it took. */
  add(facts: ContentFacts, pieces: readonly Buffer[]): number {
    const at = this.used;
    for (const piece of pieces) {
      this.reserve(piece.length);
      this.used += piece.copy(this.memory, this.used);
    }
    const bytes = this.used - at;
    this.rows.push({ facts, blobDay: null, at, bytes });
    return bytes;
  }

  addStored(row: ContentRow): void {
    this.rows.push({ facts: row, blobDay: row.blobDay, at: 0, bytes: 0 });
  }

  clear(): void {
    this.rows.length = 0;
    this.used = 0;
    if (this.memory.length > KEPT_BYTES) this.memory = Buffer.alloc(0);
  }

  private reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, needed, this.memory.length * 2));
    this.memory.copy(larger, 0, 0, this.used);
    this.memory = larger;
  }
}

/**
 * Sealed content of many calls on its way to the database. The bytes lie in memory that one batch after the other uses: a buffer for each call would outlive
 * the young generation while it waits for the others, and each such has to be found by a full collection.
 */
export class SealedBatch {
  /** What each of its calls takes of the keeper's room until it is written, in bytes. */
  readonly room: number[] = [];
  /** Sealed, of all stores. */
  bytes = 0;
  private readonly stores = new Map<ContentStore, SealedRows>(CONTENT_STORES.map((store) => [store, new SealedRows()]));

  get calls(): number {
    return this.room.length;
  }

  /** `pieces` are copied. `room`: bytes. */
  add(facts: ContentFacts, pieces: readonly Buffer[], room: number): void {
    this.bytes += this.of(facts.store).add(facts, pieces);
    this.room.push(room);
  }

  /** A row that leads to an object in the blob store. */
  addStored(row: ContentRow, room: number): void {
    this.of(row.store).addStored(row);
    this.room.push(room);
  }

  /** The stores that have rows in it. */
  *parts(): Generator<{ readonly store: ContentStore; readonly rows: readonly PlacedRow[]; readonly sealed: Buffer }> {
    for (const [store, { rows, sealed }] of this.stores) if (rows.length > 0) yield { store, rows, sealed };
  }

  /** Empty, for others. */
  clear(): void {
    this.room.length = 0;
    this.bytes = 0;
    for (const rows of this.stores.values()) rows.clear();
  }

  private of(store: ContentStore): SealedRows {
    return this.stores.get(store) as SealedRows;
  }
}
