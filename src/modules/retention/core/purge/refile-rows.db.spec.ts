import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../../test/harness/retention.js';
import { type FixedWindows, fixedWindows } from '../../../../../test/harness/windows.js';
import { DAY_MS, ManualClock, utcDayAfter } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const HOUR_MS = 3_600_000;
const TABLES = [
  { table: 'diary', window: { dataClass: 'request_metadata' }, writtenAt: 'written_at', organisation: 'organisation_id' },
] as const;

let database: TestDatabase;
let clock: ManualClock;
let windows: FixedWindows;
let retention: TestRetention;
let mine: OrganisationId;
let theirs: OrganisationId;
let lines = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database?.drop());

beforeEach(async () => {
  clock = new ManualClock(START);
  windows = fixedWindows({ request_metadata: 90 });
  retention = await TestRetention.open(database.url, { clock, tables: TABLES, windows });
  await retention.rows(
    `CREATE TABLE diary (id int, expires_on date NOT NULL, organisation_id uuid, written_at timestamptz, words text, length int GENERATED ALWAYS AS (length(words)) STORED,
       PRIMARY KEY (id, expires_on)) PARTITION BY RANGE (expires_on); GRANT SELECT, INSERT ON diary TO lethe_system`,
  );
  [mine, theirs] = [await organisation(), await organisation()];
  await retention.all.run();
});

afterEach(async () => {
  await retention.rows(
    'DROP TABLE diary; DELETE FROM filed_window; DELETE FROM retention_receipt; DELETE FROM retention_progress; DELETE FROM policy_in_force',
  );
  await retention.close();
});

async function organisation(): Promise<OrganisationId> {
  const id = newId<OrganisationId>();
  await retention.rows(
    `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'o', 'customer', 'active', now(), now())`,
    [id],
  );
  return id;
}

/** Rows written so many days ago, filed by the window there was then. */
async function write(
  whose: OrganisationId | null,
  daysAgo: number,
  rows = 1,
  filedDays = windows.days('request_metadata', whose),
): Promise<void> {
  const writtenMs = clock.nowMs() - daysAgo * DAY_MS;
  const day = utcDayAfter(writtenMs, filedDays);
  await retention.rows(`SELECT create_expiry_partition('diary', $1)`, [day]);
  await retention.rows(`INSERT INTO diary SELECT $1 + n, $2, $3, $4, 'word' FROM generate_series(1, $5) n`, [
    lines,
    day,
    whose,
    new Date(writtenMs),
    rows,
  ]);
  lines += rows;
}

/** Rows by the days that are left to them from today. */
async function filed(whose: OrganisationId | null): Promise<number[]> {
  const rows = await retention.rows<{ day: string }>(
    'SELECT DISTINCT expires_on::text AS day FROM diary WHERE organisation_id IS NOT DISTINCT FROM $1',
    [whose],
  );
  return rows.map(({ day }) => Math.round((Date.parse(day) - Date.parse(utcDayAfter(clock.nowMs(), 0))) / DAY_MS)).sort((a, b) => a - b);
}

describe('a window that becomes shorter', () => {
  it('D2: shortens what is stored already, drops what is overdue by now in the same round, and touches nobody else', async () => {
    for (const daysAgo of [1, 20, 40, 89]) for (const whose of [mine, theirs, null]) await write(whose, daysAgo);
    windows.setFor(mine, 'request_metadata', 30);
    await retention.all.run();
    expect(await filed(mine)).toEqual([10, 29]);
    expect(await filed(theirs)).toEqual([1, 50, 70, 89]);
    expect(await filed(null)).toEqual([1, 50, 70, 89]);
  });

  it('D2: a profile with shorter windows shortens everybody’s, and says so in a receipt', async () => {
    for (const whose of [mine, theirs, null]) await write(whose, 40);
    windows.set('request_metadata', 60);
    await retention.all.run();
    for (const whose of [mine, theirs, null]) expect(await filed(whose)).toEqual([20]);
    const receipts = await retention.rows(
      `SELECT rows::int, rows_exact FROM retention_receipt WHERE store = 'diary' AND action = 'refiled'`,
    );
    expect(receipts).toEqual([{ rows: 3, rows_exact: true }]);
    const events = await retention.rows(
      `SELECT detail ->> 'rows' AS rows FROM audit_event WHERE action = 'retention.refiled' AND target_id = 'diary'`,
    );
    expect(events).toContainEqual({ rows: '3' });
  });

  it('D2: a profile that comes into force before any round has seen an organisation shortens its rows too', async () => {
    const fresh = await organisation();
    await write(fresh, 40);
    windows.set('request_metadata', 60);
    await retention.rows(`INSERT INTO policy_in_force (name, digest, stated, since) VALUES ('other', repeat('0', 64), '{}', now())`);
    await retention.all.run();
    expect(await filed(fresh)).toEqual([20]);
  });

  it('D2: files what a replica wrote by the old window anew when it looks once more, and leaves a call that may still settle alone until then', async () => {
    await write(mine, 0);
    windows.setFor(mine, 'request_metadata', 30);
    await retention.all.run();
    expect(await filed(mine)).toEqual([90]);
    clock.advance(30 * 60_000);
    await write(mine, 0, 1, 90);
    await retention.all.run();
    expect(await filed(mine)).toEqual([90]);
    clock.advance(2 * HOUR_MS);
    await retention.all.run();
    expect(await filed(mine)).toEqual([30]);
  });

  it('never files anything later: a longer window holds for what is written from then on', async () => {
    windows.setFor(mine, 'request_metadata', 30);
    await retention.all.run();
    await write(mine, 10);
    windows.setFor(mine, 'request_metadata', 90);
    await retention.all.run();
    clock.advance(3 * HOUR_MS);
    await retention.all.run();
    expect(await filed(mine)).toEqual([20]);
  });

  it('goes through more rows than fit into one step, and does nothing the second time', async () => {
    await write(mine, 10, 12_000);
    windows.setFor(mine, 'request_metadata', 30);
    await retention.all.run();
    expect(await filed(mine)).toEqual([20]);
    expect(await retention.rows('SELECT count(*)::int AS rows FROM diary')).toEqual([{ rows: 12_000 }]);
    const before = await retention.rows('SELECT FROM retention_receipt WHERE action = $1', ['refiled']);
    await retention.refiling.run();
    expect(await retention.rows('SELECT FROM retention_receipt WHERE action = $1', ['refiled'])).toHaveLength(before.length);
  });
});

describe('a row from the future', () => {
  it('peers 20: is kept for its window from today and no longer, whoever it belongs to', async () => {
    for (const whose of [mine, null]) await write(whose, -400);
    await retention.all.run();
    expect(await filed(mine)).toEqual([90]);
    expect(await filed(null)).toEqual([90]);
  });
});
