import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../test/harness/retention.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import { type Clock, DAY_MS, ManualClock, SystemClock, utcDay, utcDayAfter } from '../../../kernel/clock.js';
import { MaintainPartitionsJob } from '../jobs/maintain-partitions.job.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const WINDOW_DAYS = 3;
const windows = fixedWindows();
const UNBOUNDED = { signal: new AbortController().signal };

const DIARY = { table: 'diary', window: { dataClass: 'request_metadata' }, writtenAt: null, organisation: null } as const;

/** What the operating system's clock says when a time server lied. */
class LeapingClock extends SystemClock {
  leapMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.leapMs;
  }
}

let database: TestDatabase;
let owner: pg.Pool;
let closing: (() => Promise<void>)[];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 5 });
});

afterAll(async () => {
  await owner?.end();
  await database?.drop();
});

beforeEach(async () => {
  closing = [];
  windows.set('request_metadata', WINDOW_DAYS);
  await owner.query(
    'CREATE TABLE diary (id bigint, expires_on date NOT NULL, words text, PRIMARY KEY (id, expires_on)) PARTITION BY RANGE (expires_on)',
  );
  await owner.query('GRANT SELECT, INSERT ON diary TO lethe_app, lethe_system');
});

afterEach(async () => {
  for (const close of closing) await close();
  await owner.query('DROP TABLE diary');
});

async function running(clock: Clock): Promise<TestRetention> {
  const retention = await TestRetention.open(database.url, { clock, tables: [DIARY], windows });
  closing.push(() => retention.close());
  return retention;
}

async function partitions(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relname ~ '^diary_p' AND relkind = 'r' ORDER BY 1`,
  );
  return rows.map((row) => row.name.slice('diary_p'.length));
}

const compact = (day: string): string => day.replaceAll('-', '');

function write(day: string, rows = 1): Promise<unknown> {
  return owner.query(`INSERT INTO diary SELECT n, $1, repeat('x', 200) FROM generate_series(1, $2::bigint) n`, [day, rows]);
}

/** Waits for nothing longer than `ms`; answers how long it took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Bytes of write-ahead log that `work` makes: the cost of a purge without the noise of a clock. */
async function walBytes(work: () => Promise<unknown>): Promise<number> {
  const position = async (): Promise<string> =>
    (await owner.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn')).rows[0]?.lsn ?? '';
  const before = await position();
  await work();
  const { rows } = await owner.query<{ bytes: string }>('SELECT pg_wal_lsn_diff($1, $2)::text AS bytes', [await position(), before]);
  return Number(rows[0]?.bytes);
}

/** A transaction that stays open, as a long report or a backup does. */
async function openReader(sql: string): Promise<pg.PoolClient> {
  const reader = await owner.connect();
  await reader.query('BEGIN');
  await reader.query(sql);
  return reader;
}

async function release(reader: pg.PoolClient): Promise<void> {
  await reader.query('COMMIT');
  reader.release();
}

describe('making partitions ahead', () => {
  it('makes those of the day that rows written now expire on and three days on either side, and nothing the second time', async () => {
    const { maintenance } = await running(new ManualClock(START));
    await maintenance.run();
    expect(await partitions()).toEqual(['20260314', '20260315', '20260316', '20260317', '20260318', '20260319', '20260320']);
    expect(await maintenance.run()).toEqual({ created: 0, dropped: [], postponed: [] });
  });

  it('makes no more of them for a long window than for a short one', async () => {
    windows.set('request_metadata', 365);
    const { maintenance } = await running(new ManualClock(START));
    await maintenance.run();
    expect(await partitions()).toEqual(Array.from({ length: 7 }, (_, ahead) => compact(utcDayAfter(START, 362 + ahead))));
  });

  it('two processes that start together make each of them once', async () => {
    const clock = new ManualClock(START);
    const [first, second] = [await running(clock), await running(clock)];
    await Promise.all([first.maintenance.run(), second.maintenance.run()]);
    expect(await partitions()).toHaveLength(WINDOW_DAYS + 4);
  });

  it('a long reader delays neither the writers nor the end of the round', async () => {
    const { maintenance } = await running(new ManualClock(START));
    await owner.query(`SELECT create_expiry_partition('diary', '2026-03-14')`);
    const before = await partitions();
    const reader = await openReader('SELECT count(*) FROM diary');
    const round = maintenance.run();
    let longest = 0;
    for (let call = 0; call < 20; call += 1)
      longest = Math.max(longest, await timed(() => owner.query(`INSERT INTO diary VALUES (${call}, '2026-03-14')`)));
    await round;
    expect(await partitions()).toEqual(before);
    expect(longest).toBeLessThan(600);
    await release(reader);
    await maintenance.run();
    expect(await partitions()).toHaveLength(WINDOW_DAYS + 4);
  });
});

describe('dropping expired partitions', () => {
  it('D2: a row lives through the day it expires on and is gone with the next round after it', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    await maintenance.run();
    await write('2026-03-14');
    clock.advance(Date.parse('2026-03-14T23:59:59.999Z') - START);
    expect((await maintenance.run()).dropped).toEqual([]);
    clock.advance(1);
    expect((await maintenance.run()).dropped).toEqual(['diary_p20260314']);
    expect((await owner.query('SELECT FROM diary')).rowCount).toBe(0);
  });

  it('peers 19: drops the table and its files, and does not only detach it', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    await maintenance.run();
    await write('2026-03-14', 10_000);
    const { rows } = await owner.query<{ path: string }>(`SELECT pg_relation_filepath('diary_p20260314') AS path`);
    const size = `SELECT (pg_stat_file($1, true)).size`;
    expect(Number((await owner.query<{ size: string }>(size, [rows[0]?.path])).rows[0]?.size)).toBeGreaterThan(2_000_000);
    clock.advance(DAY_MS);
    await maintenance.run();
    await owner.query('CHECKPOINT');
    expect((await owner.query(`SELECT FROM pg_class WHERE relname LIKE 'diary_p20260314%'`)).rowCount).toBe(0);
    expect((await owner.query<{ size: string | null }>(size, [rows[0]?.path])).rows[0]?.size ?? null).toBeNull();
  });

  it('D2, peers 15: a purge of 200,000 rows costs what a purge of one row costs', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    await maintenance.run();
    await write('2026-03-14', 1);
    await write('2026-03-15', 200_000);
    await owner.query('CHECKPOINT');
    const purge = async (): Promise<{ bytes: number; ms: number }> => {
      clock.advance(DAY_MS);
      let ms = 0;
      const bytes = await walBytes(async () => {
        ms = await timed(() => maintenance.run());
      });
      return { bytes, ms };
    };
    const one = await purge();
    const many = await purge();
    expect(await partitions()).not.toContain('20260315');
    // A DELETE of as many rows would log over ten million bytes. The log is the whole server's, whose autovacuum may have written to it too.
    expect(many.bytes).toBeLessThan(one.bytes + 2_000_000);
    expect(many.ms).toBeLessThan(one.ms * 3 + 1_000);
  });

  it('peers 18: purges when nothing is written or read, and every round that was missed', async () => {
    const clock = new ManualClock(START);
    const { maintenance, all } = await running(clock);
    const job = new MaintainPartitionsJob(all);
    await maintenance.run();
    await write('2026-03-15');
    clock.advance(30 * DAY_MS);
    await job.run(UNBOUNDED.signal);
    expect(await partitions()).toEqual(Array.from({ length: WINDOW_DAYS + 4 }, (_, ahead) => compact(utcDayAfter(clock.nowMs(), ahead))));
  });

  it('lives through seven years with never more than the window in the table', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    for (let year = 0; year < 7; year += 1) {
      await maintenance.run();
      await write(utcDayAfter(clock.nowMs(), WINDOW_DAYS));
      clock.advance(365 * DAY_MS);
    }
    await maintenance.run();
    expect((await owner.query('SELECT FROM diary')).rowCount).toBe(0);
    expect(await partitions()).toHaveLength(WINDOW_DAYS + 4);
  });

  it('peers 20: a row filed far in the future is filed anew, and goes when its window is over', async () => {
    const clock = new ManualClock(START);
    const { all } = await running(clock);
    await owner.query(`SELECT create_expiry_partition('diary', '2033-01-01')`);
    await write('2033-01-01');
    await all.run();
    expect((await owner.query('SELECT expires_on::text FROM diary')).rows).toEqual([{ expires_on: '2026-03-17' }]);
    clock.advance(4 * DAY_MS);
    await all.run();
    expect((await owner.query('SELECT FROM diary')).rowCount).toBe(0);
  });
});

describe('a partition that is in use', () => {
  it.each([
    ['the partition alone', 'SELECT count(*) FROM diary_p20260314'],
    ['the whole table', 'SELECT count(*) FROM diary'],
  ])(
    'peers 19: a long read of %s blocks no insert for long, dead-locks nobody, and the partition goes with the next round',
    async (_what, sql) => {
      const clock = new ManualClock(START);
      const { maintenance } = await running(clock);
      await maintenance.run();
      await write('2026-03-14');
      clock.advance(2 * DAY_MS);
      // What is made ahead takes the lock as well, so it is made before.
      for (const ahead of [5, 6]) await owner.query(`SELECT create_expiry_partition('diary', $1)`, [utcDayAfter(clock.nowMs(), ahead)]);
      const reader = await openReader(sql);
      let ended = false;
      const round = maintenance.run().finally(() => {
        ended = true;
      });
      const waits: number[] = [];
      for (let call = 0; !ended; call += 1) waits.push(await timed(() => owner.query(`INSERT INTO diary VALUES (${call}, '2026-03-18')`)));
      const { postponed } = await round;
      expect(postponed).toContain('diary_p20260314');
      // 200 ms is the longest the lock is asked for; the rest is this machine.
      expect(Math.max(...waits)).toBeLessThan(600);
      expect((await reader.query('SELECT count(*)::int AS rows FROM diary_p20260314')).rows).toEqual([{ rows: 1 }]);
      await release(reader);
      expect((await maintenance.run()).dropped).toContain('diary_p20260314');
    },
  );

  it('peers 19: does not keep those after it from being dropped', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    await maintenance.run();
    const reader = await openReader('SELECT count(*) FROM diary_p20260315');
    clock.advance(4 * DAY_MS);
    const round = await maintenance.run();
    expect(round.postponed).toEqual(['diary_p20260315']);
    expect(round.dropped).toEqual(['diary_p20260314', 'diary_p20260316', 'diary_p20260317']);
    await release(reader);
  });
});

describe('clocks that jump', () => {
  it('back: nothing is dropped before its day is over by the clock', async () => {
    const clock = new ManualClock(START);
    const { maintenance } = await running(clock);
    await maintenance.run();
    await write('2026-03-14');
    clock.advance(-10 * DAY_MS);
    expect((await maintenance.run()).dropped).toEqual([]);
    expect(await partitions()).toContain('20260314');
  });

  it.each([10 * 365, -2])('by %i days from the time of the database: nothing is made or purged, and the log says why', async (days) => {
    const clock = new LeapingClock();
    const { maintenance, lines } = await running(clock);
    const yesterday = utcDayAfter(clock.nowMs(), -1);
    const longAgo = utcDayAfter(clock.nowMs(), -30);
    for (const day of [yesterday, longAgo, utcDay(clock.nowMs())]) await owner.query(`SELECT create_expiry_partition('diary', $1)`, [day]);
    clock.leapMs = days * DAY_MS;
    expect(await maintenance.run()).toEqual({ created: 0, dropped: [], postponed: [] });
    expect(lines.some((line) => line.includes('clocks of this machine and of the database disagree'))).toBe(true);
    clock.leapMs = 0;
    expect((await maintenance.run()).dropped.filter((name) => name.startsWith('diary')).sort()).toEqual(
      [longAgo, yesterday].map((day) => `diary_p${compact(day)}`),
    );
  });
});

describe('who may drop', () => {
  it('A3: a transaction of a tenant can neither make nor drop a partition', async () => {
    await running(new ManualClock(START));
    for (const call of [`create_expiry_partition('diary', '2026-03-14')`, `drop_expired_partitions('diary', '2026-03-14')`]) {
      const client = new pg.Client({ connectionString: database.url, options: '-c role=lethe_app' });
      await client.connect();
      await expect(client.query(`SELECT ${call}`)).rejects.toThrow(/permission denied/);
      await client.end();
    }
  });
});
