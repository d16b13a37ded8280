// Sweeps as a round of retention makes them, without its receipts.
import type { LegalHolds } from '../../src/contracts/legal-holds.js';
import type { SweptStore, SweptTables } from '../../src/contracts/swept-store.js';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.js';

/** Nothing that is swept here asks. */
const NO_HOLDS = {} as LegalHolds;

/** Table → rows removed. */
export async function sweepTables(swept: SweptTables, unitOfWork: UnitOfWork, nowMs = Date.now()): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  const { signal } = new AbortController();
  await swept.sweep({
    nowMs,
    signal,
    holds: NO_HOLDS,
    removing: async (work) => {
      const removed = await unitOfWork.asSystem(work);
      for (const [table, rows] of Object.entries(removed)) total[table] = (total[table] ?? 0) + rows;
      return removed;
    },
  });
  return total;
}

/** What was removed, by what the store said of it before. */
export async function sweepStore(swept: SweptStore, nowMs: number): Promise<{ readonly rows: number; readonly bytes: number }> {
  const total = { rows: 0, bytes: 0 };
  const { signal } = new AbortController();
  await swept.sweep({
    nowMs,
    signal,
    holds: NO_HOLDS,
    removing: async (entries, removal) => {
      if (entries.length === 0) return;
      await removal();
      for (const { rows = 1, bytes = 0 } of entries) {
        total.rows += rows;
        total.bytes += bytes;
      }
    },
  });
  return total;
}
