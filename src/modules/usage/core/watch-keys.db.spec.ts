import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { sweepTables } from '../../../../test/harness/sweeps.js';
import { DAY_MS, ManualClock } from '../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../platform/database/typeorm-unit-of-work.js';
import { PostgresOutbox } from '../../../platform/queue/postgres-outbox.js';
import { lowestIdAt } from '../data/call-conditions.js';
import { KeyHabitsRepository } from '../data/key-habits.repository.js';
import { SweepKeyHabitsJob } from '../jobs/sweep-key-habits.job.js';
import { WatchKeysJob } from '../jobs/watch-keys.job.js';
import { ReportUnusualKeys } from './report-unusual-keys.js';
import { WatchKeys } from './watch-keys.js';

const HOUR_MS = 3_600_000;
/** The first minute of an hour, so that an hour of calls fits behind it. */
const START_MS = Date.UTC(2026, 10, 16, 12, 1);
const EXPIRES = '2026-12-20';

let database: TestDatabase;
let owner: pg.Pool;
let source: DataSource;
let clock: ManualClock;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  await owner.query(`SELECT create_expiry_partition('call_record', $1)`, [EXPIRES]);
  source = new DataSource({
    type: 'postgres',
    url: database.url,
    extra: { max: 4, ...sessionAs('lethe_app', { statementMs: 5_000, connectMs: 1_000 }) },
  });
  await source.initialize();
});

afterAll(async () => {
  await source?.destroy();
  await owner?.end();
  await database?.drop();
});

beforeEach(async () => {
  clock = new ManualClock(START_MS);
  await owner.query('TRUNCATE call_record, call_intent, key_habit, outbox_event');
  await summedUntil(START_MS - 4 * HOUR_MS);
});

/** As if rounds had come so far. */
const summedUntil = (ms: number) => owner.query('UPDATE key_habit_progress SET summed_until = $1', [new Date(ms)]);

/** A round, as a worker with these settings makes it. Answers how many transactions looking took. */
async function round(settings: Partial<Settings> = {}): Promise<number> {
  const all = Object.assign(new Settings(), { abuseCallsPerHour: 20, abuseCostPerHour: 5, abuseFactor: 10, ...settings });
  const unitOfWork = new TypeOrmUnitOfWork(source);
  const habits = new KeyHabitsRepository();
  const reporting = new ReportUnusualKeys(habits, new PostgresOutbox(clock), all);
  const watching = new WatchKeys(unitOfWork, habits, reporting, clock);
  const transactions = vi.spyOn(unitOfWork, 'asSystem');
  await new WatchKeysJob(watching, all).run(new AbortController().signal);
  const taken = transactions.mock.calls.length;
  await sweepTables(new SweepKeyHabitsJob(watching), unitOfWork);
  return taken;
}

interface Key {
  readonly organisationId: OrganisationId;
  readonly keyId: string;
}

let made = 0;

/** An id whose time is `ms`. */
function idAt(ms: number): string {
  made += 1;
  return lowestIdAt(ms).slice(0, -12) + made.toString(16).padStart(12, '0');
}

const keyOf = (ageMs = 30 * DAY_MS): Key => ({ organisationId: newId<OrganisationId>(), keyId: idAt(START_MS - ageMs) });

async function calls(
  { organisationId, keyId }: Key,
  count: number,
  options: { readonly atMs?: number; readonly cost?: string; readonly isOpen?: boolean } = {},
): Promise<string[]> {
  const atMs = options.atMs ?? clock.nowMs() - 20_000;
  const ids = Array.from({ length: count }, () => idAt(atMs));
  const common = [ids, EXPIRES, organisationId, newId(), keyId, new Date(atMs)];
  if (options.isOpen === true) {
    await owner.query(
      `INSERT INTO call_intent (id, expires_on, organisation_id, project_id, key_id, instance_id, started_at, operation, requested_model, stream, hold, budgets)
       SELECT unnest($1::uuid[]), $2, $3, $4, $5, $4, $6, 'chat', 'm', false, 0, '[]'`,
      common,
    );
  } else {
    await owner.query(
      `INSERT INTO call_record (id, expires_on, organisation_id, project_id, key_id, started_at, operation, requested_model, stream, outcome, usage_source, cost, currency, attempts, hold, budgets)
       SELECT unnest($1::uuid[]), $2, $3, $4, $5, $6, 'chat', 'm', false, 'succeeded', 'reported', $7, 'USD', '[]', 0, '[]'`,
      [...common, options.cost ?? '0.01'],
    );
  }
  return ids;
}

async function signs(): Promise<{ keyId: string; reason: string }[]> {
  const { rows } = await owner.query<{ payload: { keyId: string; reason: string } }>(
    'SELECT payload FROM outbox_event ORDER BY created_at, id',
  );
  return rows.map(({ payload: { keyId, reason } }) => ({ keyId, reason }));
}

const habits = async (): Promise<unknown[]> =>
  (await owner.query('SELECT key_id, sum(calls)::int AS calls, sum(cost)::float8 AS cost FROM key_habit GROUP BY 1 ORDER BY 1')).rows;

describe('A7: a burst', () => {
  it('is more than ten times the busiest hour of a week and past the floor, and is told once an hour, as a reason code alone', async () => {
    const [bursting, busy] = [keyOf(), keyOf()];
    await calls(bursting, 3, { atMs: START_MS - 3 * HOUR_MS });
    await calls(busy, 4, { atMs: START_MS - 3 * HOUR_MS });
    for (const key of [bursting, busy]) await calls(key, 31);
    await round();
    expect(await signs()).toEqual([{ keyId: bursting.keyId, reason: 'burst' }]);
    const { rows } = await owner.query('SELECT topic, payload FROM outbox_event');
    expect(rows).toEqual([{ topic: 'keys.anomaly', payload: { ...bursting, reason: 'burst', atMs: START_MS } }]);
    clock.advance(60_000);
    await calls(bursting, 31);
    await round();
    expect(await signs()).toHaveLength(1);
  });

  it('counts calls that have not ended, once', async () => {
    const key = keyOf();
    const ids = await calls(key, 21, { isOpen: true });
    await round();
    expect(await signs()).toEqual([{ keyId: key.keyId, reason: 'burst' }]);
    await owner.query('DELETE FROM call_intent WHERE id = ANY ($1)', [ids]);
    await calls(key, 21);
    clock.advance(60_000);
    await round();
    expect(await habits()).toMatchObject([{ calls: 21 }]);
  });

  it('is nothing below the floor, nor of a key younger than a day, nor long after it happened', async () => {
    await calls(keyOf(), 19);
    await calls(keyOf(DAY_MS - 60_000), 500);
    await calls(keyOf(), 500, { atMs: START_MS - 3 * HOUR_MS });
    await round();
    expect(await signs()).toEqual([]);
  });
});

describe('A7: spend beyond habit', () => {
  it('is more than ten times the most expensive hour of a week and past the floor', async () => {
    const [spending, used] = [keyOf(), keyOf()];
    await calls(spending, 1, { atMs: START_MS - 2 * HOUR_MS, cost: '0.5' });
    await calls(used, 1, { atMs: START_MS - 2 * HOUR_MS, cost: '0.6' });
    for (const key of [spending, used]) await calls(key, 2, { cost: '3' });
    await round();
    expect(await signs()).toEqual([{ keyId: spending.keyId, reason: 'spend' }]);
  });

  it('waits for calls to end, and then counts what they cost, each once', async () => {
    const key = keyOf();
    const [open] = await calls(key, 1, { isOpen: true });
    await calls(key, 1, { cost: '4' });
    await round();
    expect(await signs()).toEqual([]);
    clock.advance(30_000);
    await owner.query('DELETE FROM call_intent WHERE id = $1', [open]);
    await calls(key, 1, { cost: '2', atMs: START_MS - 20_000 });
    await round();
    await round();
    expect(await signs()).toEqual([{ keyId: key.keyId, reason: 'spend' }]);
    expect(await habits()).toMatchObject([{ calls: 2, cost: 6 }]);
  });
});

describe('what is usual', () => {
  it('is there from the first round, adds up across rounds and organisations, and goes back no more than a week', async () => {
    const keys = [keyOf(), keyOf()].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
    await summedUntil(0);
    for (const key of keys) {
      await calls(key, 9, { atMs: START_MS - 8 * DAY_MS });
      await calls(key, 2, { atMs: START_MS - 6 * DAY_MS, cost: '0.25' });
      await calls(key, 1, { cost: '0.25' });
    }
    await round();
    clock.advance(10 * 60_000);
    for (const key of keys) await calls(key, 1, { cost: '0.25' });
    await round();
    expect(await habits()).toEqual(keys.map(({ keyId }) => ({ key_id: keyId, calls: 4, cost: 1 })));
    clock.advance(2 * DAY_MS);
    await round();
    expect(await habits()).toEqual(keys.map(({ keyId }) => ({ key_id: keyId, calls: 2, cost: 0.5 })));
  });

  it('is learned in few steps from a week in which little happened', async () => {
    const key = keyOf();
    await summedUntil(0);
    await calls(key, 3, { atMs: START_MS - 6 * DAY_MS });
    await calls(key, 2, { atMs: START_MS - 2 * DAY_MS });
    await calls(key, 1, { isOpen: true });
    expect(await round()).toBeLessThan(12);
    expect(await habits()).toMatchObject([{ calls: 6 }]);
    await summedUntil(0);
    await owner.query('TRUNCATE call_record, call_intent, key_habit');
    expect(await round()).toBe(2);
  });

  it('is nobody’s business when nobody is to look', async () => {
    await calls(keyOf(), 500, { cost: '100' });
    await round({ abuseAction: 'off' });
    expect([await habits(), await signs()]).toEqual([[], []]);
  });

  it('is another organisation’s to nobody: A3, by the database', async () => {
    const [mine, theirs] = [keyOf(), keyOf()];
    for (const key of [mine, theirs]) await calls(key, 1);
    await round();
    const seen = await new TypeOrmUnitOfWork(source).forOrganisation(mine.organisationId, (tx) => tx.query('SELECT key_id FROM key_habit'));
    expect(seen).toEqual([{ key_id: mine.keyId }]);
  });
});
