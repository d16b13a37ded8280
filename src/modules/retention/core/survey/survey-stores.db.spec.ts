import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../../test/harness/retention.js';
import { fixedWindows } from '../../../../../test/harness/windows.js';
import { declareTable } from '../../../../contracts/data-inventory.js';
import { StaffNews, type StaffMessage } from '../../../../contracts/staff-news.js';
import { type StoreSweep, SweptStore, SweptTables, type TableSweep } from '../../../../contracts/swept-store.js';
import { DAY_MS, ManualClock, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import { kernelErrors } from '../../../../kernel/errors.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const HOUR_MS = 3_600_000;
const SIGNAL = new AbortController().signal;
const TABLES = [{ table: 'diary', window: { dataClass: 'request_metadata' }, writtenAt: 'written_at', organisation: null }] as const;

declareTable({
  table: 'scrap',
  description: 'Scraps of paper',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'transient', from: 'written_at', within: 'PT1H30M' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { written_at: 'technical' },
});

/** Deletes scraps, unless it is out of order. */
class ScrapSweep extends SweptTables {
  isBroken = false;

  override async sweep({ nowMs, removing }: TableSweep): Promise<void> {
    if (this.isBroken) throw kernelErrors.unavailable();
    const sql = 'WITH gone AS (DELETE FROM scrap WHERE written_at < $1 RETURNING 1) SELECT count(*)::int AS rows FROM gone';
    await removing(async (tx) => {
      const [gone] = await tx.query<{ rows: number }[]>(sql, [new Date(nowMs - 1.5 * HOUR_MS)]);
      return { scrap: gone?.rows ?? 0 };
    });
  }
}

class Drawer extends SweptStore {
  override readonly store: string = 'drawer.things';
  override readonly dataClass = 'operational';
  oldest: Date | null = null;

  override sweep({ removing }: StoreSweep): Promise<void> {
    return removing(
      [
        { entry: 'a thing', bytes: 30 },
        { entry: 'another', bytes: 40 },
      ],
      () => Promise.resolve(),
    );
  }

  override entries() {
    return Promise.resolve(7);
  }

  override oldestSurvivor() {
    return Promise.resolve(this.oldest && { writtenAt: this.oldest, dueAt: new Date(this.oldest.getTime() + HOUR_MS) });
  }
}

/** What staff was told. */
class Ear extends StaffNews {
  readonly heard: StaffMessage[] = [];

  override tell(_tx: unknown, message: StaffMessage): Promise<void> {
    this.heard.push(message);
    return Promise.resolve();
  }
}

let database: TestDatabase;
let clock: ManualClock;
let retention: TestRetention;
let scraps: ScrapSweep;
let drawer: Drawer;
let ear: Ear;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database?.drop());

beforeEach(async () => {
  clock = new ManualClock(START);
  [scraps, drawer, ear] = [new ScrapSweep(), new Drawer(), new Ear()];
  const windows = fixedWindows({ request_metadata: 3 });
  retention = await TestRetention.open(database.url, { clock, tables: TABLES, sweeps: [scraps, drawer], news: ear, windows });
  await retention.rows(
    `CREATE TABLE diary (id int, expires_on date NOT NULL, written_at timestamptz, PRIMARY KEY (id, expires_on)) PARTITION BY RANGE (expires_on);
     CREATE TABLE scrap (written_at timestamptz); GRANT SELECT, INSERT, DELETE ON diary, scrap TO lethe_system`,
  );
  await retention.all.run();
});

afterEach(async () => {
  await retention.rows(
    'DROP TABLE diary, scrap; DELETE FROM retention_receipt; DELETE FROM retention_progress; DELETE FROM retention_store; DELETE FROM retention_alarm',
  );
  await retention.close();
});

function receipts(store: string): Promise<{ action: string; rows: number; bytes: number | null; partitions: number }[]> {
  return retention.rows('SELECT action, rows::int, bytes::int, partitions FROM retention_receipt WHERE store = $1 ORDER BY id', [store]);
}

async function alarms(store: string): Promise<number> {
  const rows = await retention.rows(`SELECT FROM audit_event WHERE action = 'retention.overdue' AND target_id = $1`, [store]);
  return rows.length;
}

describe('receipts', () => {
  it('D2: every store has one a day, also when nothing was due, and each is an audit event', async () => {
    for (let hour = 0; hour < 48; hour += 6) {
      clock.advance(6 * HOUR_MS);
      await retention.all.run();
    }
    // The first on the day it began, then one for each of the two days after it.
    for (const store of ['diary', 'scrap', 'drawer.things', 'audit_event', 'retention_receipt']) {
      expect([store, (await receipts(store)).length]).toEqual([store, 3]);
    }
    const events = await retention.rows(`SELECT FROM audit_event WHERE action = 'retention.purged' AND target_id = 'diary'`);
    expect(events).toHaveLength(3);
  });

  it('D2: of a purge tells partitions, rows, bytes and the oldest row left', async () => {
    for (const id of [1, 2, 3]) await retention.rows('INSERT INTO diary VALUES ($1, $2, $3)', [id, utcDayAfter(START, 3), new Date(START)]);
    clock.advance(DAY_MS);
    await retention.rows('INSERT INTO diary VALUES (4, $1, $2)', [utcDayAfter(clock.nowMs(), 3), clock.now()]);
    clock.advance(3 * DAY_MS);
    await retention.all.run();
    const [purge] = await retention.rows(
      `SELECT partitions, rows::int, rows_exact, bytes > 0 AS sized, oldest_written_at AS oldest FROM retention_receipt
       WHERE store = 'diary' AND action = 'purged' AND partitions > 0`,
    );
    expect(purge).toEqual({ partitions: 4, rows: 3, rows_exact: true, sized: true, oldest: new Date(START + DAY_MS) });
  });
});

describe('a sweep', () => {
  it('D2: of one store that fails keeps no other from its turn, and is tried again', async () => {
    await retention.rows('INSERT INTO scrap VALUES ($1)', [new Date(START - 2 * HOUR_MS)]);
    scraps.isBroken = true;
    await expect(retention.sweeping.run(SIGNAL)).rejects.toMatchObject({ code: 'lethe/unavailable' });
    scraps.isBroken = false;
    await retention.sweeping.run(SIGNAL);
    clock.advance(HOUR_MS);
    await retention.sweeping.run(SIGNAL);
    expect((await receipts('scrap')).filter(({ action }) => action === 'swept')).toEqual([
      { action: 'swept', rows: 1, bytes: null, partitions: 0 },
    ]);
    // Summed up over the hour: three sweeps, and those that failed are none of this one's.
    expect((await receipts('drawer.things')).filter(({ action }) => action === 'swept')).toEqual([
      { action: 'swept', rows: 6, bytes: 210, partitions: 0 },
    ]);
    const [receipt] = await retention.rows(
      `SELECT remaining::int FROM retention_receipt WHERE store = 'drawer.things' AND action = 'swept'`,
    );
    expect(receipt).toEqual({ remaining: 7 });
  });
});

describe('something that outlived its time', () => {
  it('D2: for more than a day raises the alarm, once a day, and shows in the metrics: a partition in use, a sweep nobody makes, a store’s own', async () => {
    await retention.rows('INSERT INTO diary VALUES (1, $1, $2)', [utcDayAfter(START, 3), new Date(START)]);
    await retention.rows('INSERT INTO scrap VALUES ($1)', [new Date(START)]);
    drawer.oldest = new Date(START);
    const reader = await retention.owner.connect();
    await reader.query('BEGIN; SELECT FROM diary');
    clock.advance(3 * DAY_MS);
    await retention.all.run();
    expect([await alarms('diary'), await alarms('scrap'), await alarms('drawer.things')]).toEqual([0, 1, 1]);
    clock.advance(2 * DAY_MS);
    await retention.all.run();
    clock.advance(2 * HOUR_MS);
    await retention.all.run();
    expect([await alarms('diary'), await alarms('scrap'), await alarms('drawer.things')]).toEqual([1, 2, 2]);
    expect(retention.lines.filter((line) => line.includes('something is kept past its time')).length).toBeGreaterThan(3);
    const text = await retention.metrics.render();
    expect(Number(/lethe_retention_overdue_seconds\{data_class="request_metadata"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(86_400);
    expect(text).toMatch(/lethe_retention_oldest_seconds\{data_class="request_metadata"\} [1-9]/);
    await reader.query('COMMIT');
    reader.release();
    await retention.all.run();
    expect(await retention.rows('SELECT FROM diary WHERE expires_on < $1', [utcDay(clock.nowMs())])).toHaveLength(0);
    clock.advance(HOUR_MS);
    await retention.all.run();
    expect(await retention.metrics.render()).toContain('lethe_retention_overdue_seconds{data_class="request_metadata"} 0');
  });

  it('D2: is told to staff once for its class, however often it is seen and in how many stores, and once more when it has ended', async () => {
    await retention.rows('INSERT INTO scrap VALUES ($1)', [new Date(START)]);
    drawer.oldest = new Date(START);
    clock.advance(2 * DAY_MS);
    for (let hour = 0; hour < 30; hour += 1) {
      await retention.all.run();
      clock.advance(HOUR_MS);
    }
    expect(ear.heard).toEqual([{ kind: 'data_overdue', values: { dataClass: 'operational', store: 'drawer.things', hours: 47 } }]);
    drawer.oldest = null;
    await retention.all.run();
    // The scrap is overdue still.
    clock.advance(HOUR_MS);
    await retention.all.run();
    expect(ear.heard).toHaveLength(1);
    await retention.sweeping.run(SIGNAL);
    for (let hour = 0; hour < 5; hour += 1) {
      clock.advance(HOUR_MS);
      await retention.all.run();
    }
    expect(ear.heard.slice(1)).toEqual([{ kind: 'data_overdue_ended', values: { dataClass: 'operational' } }]);
    const ended = await retention.rows(`SELECT target_id FROM audit_event WHERE action = 'retention.overdue_ended'`);
    expect(ended).toEqual([{ target_id: 'operational' }]);
    // Another time is another incident.
    drawer.oldest = new Date(START);
    clock.advance(HOUR_MS);
    await retention.all.run();
    expect(ear.heard.at(-1)).toMatchObject({ kind: 'data_overdue' });
  });
});

describe('a store that lets go by itself', () => {
  it('D2: has a receipt a day of what was seen in it, and one that each process has is swept and looked at by its process', async () => {
    class Clockwork extends Drawer {
      override readonly store = 'clockwork.keys';
      override readonly expiresByItself = true;
      override readonly isOfProcess = true;

      override sweep(): Promise<void> {
        return Promise.resolve();
      }
    }
    const clockwork = new Clockwork();
    clockwork.oldest = new Date(START);
    const process = await TestRetention.open(database.url, { clock, tables: TABLES, sweeps: [clockwork] });
    await process.all.run();
    await process.sweeping.run(SIGNAL);
    expect(await receipts('clockwork.keys')).toEqual([]);
    for (let day = 0; day < 2; day += 1) {
      await process.ownSweeping.run();
      await process.ownSweeping.run();
      clock.advance(DAY_MS);
    }
    const observed = { action: 'observed', rows: 0, remaining: 7, oldest: new Date(START) };
    expect(
      await retention.rows(
        `SELECT action, rows::int, remaining::int, oldest_written_at AS oldest FROM retention_receipt WHERE store = 'clockwork.keys' ORDER BY id`,
      ),
    ).toEqual([observed, observed]);
    await process.close();
  });
});
