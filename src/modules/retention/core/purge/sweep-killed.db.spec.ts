import { afterAll, beforeAll, expect, it } from 'vitest';
import { DyingUnitOfWork, Killed } from '../../../../../test/harness/dying-unit-of-work.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../../test/harness/retention.js';
import { declareTable } from '../../../../contracts/data-inventory.js';
import { type StoreSweep, SweptStore, SweptTables, type TableSweep } from '../../../../contracts/swept-store.js';
import { DAY_MS, ManualClock } from '../../../../kernel/clock.js';
import type { UnitOfWork } from '../../../../platform/database/unit-of-work.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const SIGNAL = new AbortController().signal;
const BATCH = 2;

declareTable({
  table: 'leaf',
  description: 'Leaves of a tree',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'transient', from: 'written_at', within: 'P1D' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { written_at: 'technical' },
});

/** Deletes leaves, two in a transaction. */
class LeafSweep extends SweptTables {
  override async sweep({ removing }: TableSweep): Promise<void> {
    const sql = `WITH gone AS (DELETE FROM leaf WHERE ctid IN (SELECT ctid FROM leaf LIMIT ${BATCH}) RETURNING 1) SELECT count(*)::int AS rows FROM gone`;
    const batch = () =>
      removing(async (tx) => {
        const [gone] = await tx.query<{ rows: number }[]>(sql);
        return { leaf: gone?.rows ?? 0 };
      });
    while ((await batch())['leaf'] === BATCH);
  }
}

/** A folder, as it is on a disk that outlives the process. */
class Folder extends SweptStore {
  override readonly store = 'files.folder';
  override readonly dataClass = 'operational';
  readonly files = new Set<string>();
  /** Which file the process dies at, after it has removed so many more. */
  diesAfter = Number.POSITIVE_INFINITY;

  override async sweep({ removing }: StoreSweep): Promise<void> {
    const due = [...this.files];
    for (let start = 0; start < due.length; start += BATCH) {
      const batch = due.slice(start, start + BATCH);
      await removing(
        batch.map((entry) => ({ entry, bytes: 10 })),
        async () => {
          for (const file of batch) await this.unlink(file);
        },
      );
    }
  }

  private unlink(file: string): Promise<void> {
    if (this.diesAfter === 0) return Promise.reject(new Killed(`before ${file}`));
    this.diesAfter -= 1;
    this.files.delete(file);
    return Promise.resolve();
  }

  override oldestSurvivor() {
    return Promise.resolve(null);
  }
}

let database: TestDatabase;
let clock: ManualClock;
let folder: Folder;
let retention: TestRetention;
let written = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  clock = new ManualClock(START);
  folder = new Folder();
  retention = await open();
  await retention.rows('CREATE TABLE leaf (written_at timestamptz); GRANT SELECT, DELETE ON leaf TO lethe_system');
  await retention.all.run();
});

afterAll(async () => {
  await retention?.close();
  await database?.drop();
});

const open = (unitOfWork = (real: UnitOfWork): UnitOfWork => real) =>
  TestRetention.open(database.url, { clock, tables: [], sweeps: [new LeafSweep(), folder], unitOfWork });

/** Five leaves and five files that are due. */
async function write(): Promise<void> {
  await retention.rows('INSERT INTO leaf SELECT $1 FROM generate_series(1, 5)', [new Date(clock.nowMs() - 2 * DAY_MS)]);
  for (let file = 0; file < 5; file += 1) folder.files.add(`${written + file}.txt`);
  written += 5;
}

/** Rows and bytes of all receipts. */
async function receipted(store: string): Promise<{ rows: number; bytes: number | null }> {
  const [sum] = await retention.rows<{ rows: number; bytes: number | null }>(
    `SELECT coalesce(sum(rows), 0)::int AS rows, sum(bytes)::int AS bytes FROM retention_receipt WHERE store = $1 AND action = 'swept'`,
    [store],
  );
  return sum ?? { rows: 0, bytes: null };
}

/** A worker that dies before its n-th statement; false when it came to its end. */
async function dies(step: number): Promise<boolean> {
  const mortal = await open((real) => new DyingUnitOfWork(real, retention.owner, step));
  try {
    await mortal.sweeping.run(SIGNAL);
    return false;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return true;
  } finally {
    await mortal.close();
  }
}

/** What the next worker does, an hour later. */
async function recovers(): Promise<void> {
  clock.advance(3_600_000);
  await retention.sweeping.run(SIGNAL);
  clock.advance(3_600_000);
  await retention.sweeping.run(SIGNAL);
}

it('D2: a sweep that is killed before any of its statements has each row and each file in one receipt', { timeout: 120_000 }, async () => {
  let step = 0;
  for (let died = true; died; ) {
    step += 1;
    await write();
    died = await dies(step);
    await recovers();
    expect([step, await retention.rows('SELECT FROM leaf'), folder.files.size]).toEqual([step, [], 0]);
    expect([step, await receipted('leaf')]).toMatchObject([step, { rows: written }]);
    expect([step, await receipted('files.folder')]).toEqual([step, { rows: written, bytes: 10 * written }]);
    expect(await retention.rows('SELECT FROM retention_removal')).toEqual([]);
  }
  expect(step).toBeGreaterThan(20);
});

it('D2: one that is killed between two files has neither of them twice, and what it left is taken up again', async () => {
  for (let removed = 0; removed < 5; removed += 1) {
    await write();
    folder.diesAfter = removed;
    await expect(retention.sweeping.run(SIGNAL)).rejects.toBeInstanceOf(Killed);
    folder.diesAfter = Number.POSITIVE_INFINITY;
    await recovers();
    expect([removed, await receipted('files.folder')]).toEqual([removed, { rows: written, bytes: 10 * written }]);
  }
});
