import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DyingUnitOfWork, Killed } from '../../../../test/harness/dying-unit-of-work.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../test/harness/retention.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import { DAY_MS, ManualClock, utcDayAfter } from '../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import type { UnitOfWork } from '../../../platform/database/unit-of-work.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const TABLES = [
  { table: 'diary', window: { dataClass: 'request_metadata' }, writtenAt: 'written_at', organisation: 'organisation_id' },
] as const;
const mine = newId<OrganisationId>();
const theirs = newId<OrganisationId>();
const harness = (file: string) => fileURLToPath(new URL(`../../../../test/harness/${file}`, import.meta.url));

/** Not every statement is died at: with 1 the test takes some minutes. Shares no factor with how often steps repeat. */
const STRIDE = Number(process.env['LETHE_TEST_STRIDE'] ?? 17);

let database: TestDatabase;
let clock: ManualClock;
let retention: TestRetention;
let lines = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  clock = new ManualClock(START);
  retention = await TestRetention.open(database.url, {
    clock,
    tables: TABLES,
    windows: fixedWindows({ request_metadata: 9 }),
  });
  await retention.rows(
    `CREATE TABLE diary (id int, expires_on date NOT NULL, organisation_id uuid, written_at timestamptz, PRIMARY KEY (id, expires_on))
     PARTITION BY RANGE (expires_on); GRANT SELECT, INSERT ON diary TO lethe_system`,
  );
  for (const id of [mine, theirs])
    await retention.rows(
      `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'o', 'customer', 'active', now(), now())`,
      [id],
    );
  await retention.all.run();
});

afterAll(async () => {
  await retention.close();
  await database.drop();
});

async function write(whose: string, rows: number, writtenMs = clock.nowMs()): Promise<void> {
  const day = utcDayAfter(writtenMs, retention.windows.days('request_metadata'));
  await retention.rows(`SELECT create_expiry_partition('diary', $1)`, [day]);
  await retention.rows('INSERT INTO diary SELECT $1 + n, $2, $3, $4 FROM generate_series(1, $5::int) n', [
    lines,
    day,
    whose,
    new Date(writtenMs),
    rows,
  ]);
  lines += rows;
}

/** The sum of all receipts for the diary by what was done. */
async function receipted(action: string): Promise<{ rows: number; held: number }> {
  const [sum] = await retention.rows<{ rows: number; held: number }>(
    `SELECT coalesce(sum(rows), 0)::int AS rows, coalesce(sum(held), 0)::int AS held FROM retention_receipt WHERE store = 'diary' AND action = $1`,
    [action],
  );
  return sum ?? { rows: 0, held: 0 };
}

/** A worker that dies before its n-th statement; false when it came to its end. */
async function dies(step: number, windows = retention.windows): Promise<boolean> {
  const unitOfWork = (real: UnitOfWork) => new DyingUnitOfWork(real, retention.owner, step);
  const mortal = await TestRetention.open(database.url, { clock, tables: TABLES, windows, unitOfWork });
  try {
    await mortal.all.run();
    return false;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return true;
  } finally {
    await mortal.close();
  }
}

describe('a round of retention that is killed', () => {
  it('D2, D5: at any step of holding, filing anew, dropping and releasing loses nothing, keeps nothing, and accounts for each row once', {
    timeout: 120_000,
  }, async () => {
    let [written, kept, step] = [0, 0, 0];
    for (let died = true; died; step += STRIDE) {
      clock.advance(DAY_MS);
      const hold = await retention.hold({ organisationId: mine });
      await write(mine, 2, clock.nowMs() - 2 * DAY_MS);
      await write(theirs, 3, clock.nowMs() - 2 * DAY_MS);
      written += 5;
      // Everything is overdue at once: it is filed anew, and then dropped.
      retention.windows.set('request_metadata', 1);
      clock.advance(3_600_000 * 3);
      died = await dies(step + 1);
      clock.advance(60_000);
      await retention.all.run();
      clock.advance(3_600_000 * 3);
      await retention.all.run();
      kept += 2;
      expect(await retention.rows('SELECT FROM diary')).toHaveLength(0);
      expect(await retention.rows('SELECT FROM held_row')).toHaveLength(2);
      expect(await receipted('purged')).toEqual({ rows: written, held: kept });
      await retention.release(hold);
      await dies((step % 9) + 1);
      await retention.all.run();
      expect(await retention.rows('SELECT FROM held_row')).toHaveLength(0);
      retention.windows.set('request_metadata', 9);
      await retention.all.run();
    }
    expect(step).toBeGreaterThan(30);
  });

  it('D2: with kill -9 of the whole process in the middle of its batches, the next one finishes what it began', {
    timeout: 60_000,
  }, async () => {
    retention.windows.set('request_metadata', 9);
    await retention.all.run();
    await write(theirs, 60_000, clock.nowMs() - 2 * DAY_MS);
    const before = await receipted('refiled');
    const settings = JSON.stringify({ url: database.url, nowMs: clock.nowMs(), days: 5 });
    const child = spawn(process.execPath, ['--import', harness('queue-worker-hook.mjs'), harness('retention-process.ts'), settings]);
    try {
      const moved = async () => (await retention.rows('SELECT rows::int FROM retention_progress WHERE store = $1', ['diary'])).length;
      await vi.waitFor(async () => expect(await moved()).toBe(1), { timeout: 20_000, interval: 5 });
    } finally {
      child.kill('SIGKILL');
    }
    retention.windows.set('request_metadata', 5);
    await vi.waitFor(() => retention.all.run(), { timeout: 10_000 });
    const days = await retention.rows('SELECT DISTINCT expires_on::text AS day FROM diary');
    expect(days).toEqual([{ day: utcDayAfter(clock.nowMs(), 3) }]);
    expect(await retention.rows('SELECT count(*)::int AS rows FROM diary')).toEqual([{ rows: 60_000 }]);
    expect((await receipted('refiled')).rows - before.rows).toBe(60_000);
  });
});
