import { Injectable } from '@nestjs/common';
import type { RemovedEntry } from '../../../contracts/swept-store.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import './retention.inventory.js';

/** What entries counted for that are gone; bytes are null when one of them did not say. */
export interface SettledRemovals {
  readonly rows: number;
  readonly bytes: number | null;
}

const SETTLED =
  'SELECT coalesce(sum(rows), 0)::float8 AS rows, CASE WHEN bool_and(bytes IS NOT NULL) THEN sum(bytes)::float8 END AS bytes FROM gone';

/** Entries of stores outside the database that are about to be removed. Needs a system transaction. */
@Injectable()
export class RemovalsRepository {
  /** One that a process that died had announced already counts once, for what it was then. */
  async announce(tx: Tx, store: string, entries: readonly RemovedEntry[], at: Date): Promise<void> {
    await tx.query(
      `INSERT INTO retention_removal AS r (store, entry, rows, bytes, announced_at)
       SELECT $1, entry, rows, bytes, $5 FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS announced (entry, rows, bytes)
       ON CONFLICT (store, entry) DO UPDATE SET announced_at = excluded.announced_at`,
      [
        store,
        entries.map(({ entry }) => entry),
        entries.map(({ rows }) => rows ?? 1),
        entries.map(({ bytes }) => (bytes === undefined ? null : Math.round(bytes))),
        at,
      ],
    );
  }

  /** They are gone. What somebody else has settled meanwhile is not in the answer. */
  settle(tx: Tx, store: string, entries: readonly RemovedEntry[]): Promise<SettledRemovals> {
    const names = entries.map(({ entry }) => entry);
    const gone = 'DELETE FROM retention_removal WHERE store = $1 AND entry = ANY ($2) RETURNING rows, bytes';
    return this.answer(tx, `WITH gone AS (${gone}) ${SETTLED}`, [store, names]);
  }

  /** Those that were announced before that moment and that a whole round did not offer again are gone as well. */
  settleOlder(tx: Tx, store: string, announcedBefore: Date): Promise<SettledRemovals> {
    const gone = 'DELETE FROM retention_removal WHERE store = $1 AND announced_at < $2 RETURNING rows, bytes';
    return this.answer(tx, `WITH gone AS (${gone}) ${SETTLED}`, [store, announcedBefore]);
  }

  private async answer(tx: Tx, sql: string, values: readonly unknown[]): Promise<SettledRemovals> {
    const [settled] = await tx.query<SettledRemovals[]>(sql, [...values]);
    return settled ?? { rows: 0, bytes: null };
  }
}
