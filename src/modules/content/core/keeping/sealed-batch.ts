import { CONTENT_STORES, type ContentStore } from '../../content.contract.js';
import type { ContentFacts, ContentRow } from '../../data/content-rows.js';
import { SealedRows } from '../../data/sealed-rows.js';

/** Sealed content of many calls on its way to the database, by the stores it belongs to. */
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
    this.of(facts.store).add(facts, pieces);
    for (const piece of pieces) this.bytes += piece.length;
    this.room.push(room);
  }

  /** A row that leads to an object in the blob store. */
  addStored(row: ContentRow, room: number): void {
    this.of(row.store).addStored(row);
    this.room.push(room);
  }

  /** The stores that have rows in it. */
  *parts(): Generator<{ readonly store: ContentStore; readonly rows: SealedRows }> {
    for (const [store, rows] of this.stores) if (rows.length > 0) yield { store, rows };
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
