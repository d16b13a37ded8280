import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ApiKeyId } from '../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../platform/database/change-feed.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { KeyBook, type KeyRow, type KnownKey } from './key-book.js';
import { KeyLookups } from './key-lookups.js';
import { KeySource } from './key-source.js';

/** Keys held in memory, about 0.6 kB each. Past it the newest are held and the others cost a look-up when they come. */
const CAPACITY = 200_000;
const LOOKUP_BOUNDS = { batch: 256, waiting: 1_024, timeoutMs: 2_000, stuck: 2 };

/** A moment in the life of the snapshot. */
export type Generation = number;

/** The live keys of all organisations in memory, kept true by the change feed. */
@Injectable()
export class KeySnapshot implements ChangeSubscriber, OnModuleInit {
  readonly tables = ['api_key'];

  /** Counts what the feed has applied: a look-up begun before such a moment may have read what has changed since. */
  generation: Generation = 0;

  private book = new KeyBook(CAPACITY);
  private readonly lookups: KeyLookups;

  constructor(
    private readonly source: KeySource,
    private readonly feed: ChangeFeed,
    private readonly log: Log,
  ) {
    this.lookups = new KeyLookups((hashes) => source.byHashes(hashes), LOOKUP_BOUNDS);
  }

  onModuleInit(): void {
    this.feed.subscribe(this);
  }

  find(hash: Buffer): KnownKey | undefined {
    return this.book.find(hash);
  }

  /** The row with this hash, revoked and expired ones too, from the database. Rejects when it cannot be read. */
  lookUp(hash: Buffer): Promise<KeyRow | null> {
    return this.lookups.find(hash);
  }

  /**
   * Keeps a row that was looked up by `hash` since `asOf`. When the feed has told something since, that may be newer than the row: then the one
   * call that asked is let through, and nothing is kept.
   */
  remember(row: KeyRow, hash: Buffer, asOf: Generation): KnownKey {
    return asOf === this.generation ? this.book.put(row, hash) : new KeyBook(2).put(row, hash);
  }

  async onChange(change: Change): Promise<void> {
    const id = change.id as ApiKeyId;
    const row = await this.source.one(id);
    this.generation += 1;
    if (row === null || row.revokedAt !== null) this.book.remove(id);
    else this.book.put(row);
  }

  async onResync(): Promise<void> {
    const rows = await this.source.live(CAPACITY);
    const book = new KeyBook(CAPACITY);
    // Oldest first, as they leave in that order.
    for (const row of rows.reverse()) book.put(row);
    this.generation += 1;
    this.book = book;
    if (rows.length >= CAPACITY)
      this.log.warn('more keys than memory holds; older ones cost a look-up', { component: 'auth', limit: CAPACITY });
  }
}
