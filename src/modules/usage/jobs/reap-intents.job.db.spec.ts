import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { balance, LedgerTenant, readBook, recordOf, settlement, startLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { createTestDatabase, type OwnPostgres, startOwnPostgres, type TestDatabase } from '../../../../test/harness/postgres.js';
import { ManualClock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { runMigrations } from '../../../platform/database/migrations.js';
import { SystemPool } from '../../../platform/database/system-pool.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { StaleIntentsRepository } from '../data/stale-intents.repository.js';
import { ReapIntentsJob } from './reap-intents.job.js';

let database: TestDatabase;
let owner: pg.Pool;
let pool: SystemPool;
let tenant: LedgerTenant;
let directory: string;
const ledgers: TestLedger[] = [];
const lines: string[] = [];

const settings = Object.assign(new Settings(), { instanceTimeoutSeconds: 3, callTotalMs: 60_000 });

function reaper(on: pg.Pool, nowMs = Date.now(), timeoutSeconds = 3): ReapIntentsJob {
  const log = Log.open({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const ownSettings = Object.assign(new Settings(), settings, { instanceTimeoutSeconds: timeoutSeconds });
  const clock = new ManualClock(nowMs);
  const intents = new StaleIntentsRepository(on as SystemPool, ownSettings, clock);
  return new ReapIntentsJob(intents, on as SystemPool, log, new Metrics({ clock, processMetrics: false }));
}

const reap = (nowMs?: number) => reaper(pool, nowMs).run(new AbortController().signal);

/** As if the gateway had been silent for so long. */
const silence = (ledger: TestLedger, seconds: number) =>
  owner.query('UPDATE gateway_instance SET seen_at = clock_timestamp() - make_interval(secs => $2) WHERE id = $1', [
    ledger.instanceId,
    seconds,
  ]);

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  // A connection may outlive the end of its pool until the database is dropped under it.
  owner.on('error', () => undefined);
  pool = new SystemPool(database.url, 2);
  // The server of the test run may be younger than the time-out that protects the calls of a restarted one.
  const { rows } = await owner.query<{ ms: number }>(
    'SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 AS ms',
  );
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3_100 - Number(rows[0]?.ms))));
});

afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-reaper-'));
  tenant = await LedgerTenant.create(owner);
});

afterEach(async () => {
  for (const ledger of ledgers.splice(0)) await ledger.stop();
  rmSync(directory, { recursive: true });
});

async function gateway(): Promise<TestLedger> {
  const ledger = await startLedger({ url: database.url, directory, book: await readBook(owner) });
  ledgers.push(ledger);
  return ledger;
}

describe('the reaper', () => {
  it('peers 3: the holds of a gateway that is gone are given back, and each of its calls is in the ledger as interrupted', async () => {
    const budget = await tenant.budget('1');
    const dead = await gateway();
    const calls = [await dead.ledger.open(tenant.call('0.2')), await dead.ledger.open(tenant.call('0.3'))];
    await silence(dead, 4);
    await reap();
    expect(await balance(owner, budget)).toEqual({ spent: 0, held: 0, records: 0, intents: 0 });
    for (const call of calls) expect(await recordOf(owner, call.id)).toEqual({ outcome: 'interrupted', cost: null });
    expect(lines.join('')).toContain('settled calls whose gateway is gone');
  });

  it('leaves no session behind, whatever it found', async () => {
    const sessions = async () =>
      (await owner.query("SELECT FROM pg_stat_activity WHERE application_name = 'lethe' AND datname = current_database()")).rowCount;
    const dead = await gateway();
    const call = await dead.ledger.open(tenant.call('0.2'));
    await reap();
    const before = Number(await sessions());
    await silence(dead, 4);
    await reap();
    expect(await recordOf(owner, call.id)).toMatchObject({ outcome: 'interrupted' });
    await vi.waitFor(async () => expect(await sessions()).toBeLessThanOrEqual(before));
  });

  it('a gateway that is alive keeps its calls, however many rounds go by', async () => {
    const budget = await tenant.budget('1');
    const alive = await gateway();
    const call = await alive.ledger.open(tenant.call('0.2'));
    await silence(alive, 1);
    await reap();
    await reap();
    expect(await balance(owner, budget)).toMatchObject({ held: 0.2, intents: 0.2 });
    await call.settle(settlement('0.1'));
    expect(await recordOf(owner, call.id)).toEqual({ outcome: 'succeeded', cost: '0.1' });
  });

  it('peers 4, U3: a settlement that comes after all replaces the interrupted record, once, and is charged', async () => {
    const budget = await tenant.budget('1');
    const late = await gateway();
    const call = await late.ledger.open(tenant.call('0.2'));
    await silence(late, 4);
    await reap();
    await call.settle(settlement('0.15'));
    expect(await recordOf(owner, call.id)).toEqual({ outcome: 'succeeded', cost: '0.15' });
    expect(await balance(owner, budget)).toEqual({ spent: 0.15, held: 0, records: 0.15, intents: 0 });
    await reap();
    expect(await recordOf(owner, call.id)).toEqual({ outcome: 'succeeded', cost: '0.15' });
  });

  it('a call that is older than any call may be is settled whoever holds it, and a younger one is not', async () => {
    const alive = await gateway();
    const call = await alive.ledger.open(tenant.call('0.2'));
    const longest = 2 * settings.callTotalMs + settings.instanceTimeoutSeconds * 1_000;
    await reap(Date.now() + longest - 1_000);
    expect(await recordOf(owner, call.id)).toBeUndefined();
    await reap(Date.now() + longest + 1_000);
    expect(await recordOf(owner, call.id)).toEqual({ outcome: 'interrupted', cost: null });
  });

  it('settles more calls than one batch holds in one round, and keeps every digit of a hold', async () => {
    const budget = await tenant.budget('100000000', { kind: 'soft' });
    const dead = await gateway();
    await Promise.all(Array.from({ length: 1_201 }, () => dead.ledger.open(tenant.call('12345.678901234567'))));
    await silence(dead, 4);
    await reap();
    expect(await balance(owner, budget)).toMatchObject({ held: 0, intents: 0 });
    const { rows } = await owner.query(
      'SELECT hold::text AS hold, count(*)::int AS calls FROM call_record WHERE organisation_id = $1 GROUP BY 1',
      [tenant.organisationId],
    );
    expect(rows).toEqual([{ hold: '12345.678901234567', calls: 1_201 }]);
  });

  it('two reapers at once settle each call once', async () => {
    const budget = await tenant.budget('1000');
    const dead = await gateway();
    await Promise.all(Array.from({ length: 300 }, () => dead.ledger.open(tenant.call('0.01'))));
    await silence(dead, 4);
    await Promise.all([reap(), reap(), reap()]);
    expect(await balance(owner, budget)).toEqual({ spent: 0, held: 0, records: 0, intents: 0 });
  });

  it('forgets gateways a day after they were last heard of', async () => {
    const [old, recent] = [newId(), newId()];
    await owner.query(
      `INSERT INTO gateway_instance VALUES ($1, now(), now() - interval '25 hours'), ($2, now(), now() - interval '23 hours')`,
      [old, recent],
    );
    await reap();
    const { rows } = await owner.query('SELECT id FROM gateway_instance WHERE id IN ($1, $2)', [old, recent]);
    expect(rows).toEqual([{ id: recent }]);
  });
});

describe('right after the database restarted', () => {
  let server: OwnPostgres;

  beforeAll(async () => {
    server = await startOwnPostgres({ synchronous_commit: 'on' });
    await runMigrations(server.url());
  });

  afterAll(() => server.destroy());

  it('peers 3: nobody is taken for gone, because nobody could be heard; once everybody could, the silent are', async () => {
    const ownPool = new SystemPool(server.url(), 2);
    const admin = new pg.Pool({ connectionString: server.url() });
    admin.on('error', () => undefined);
    const lost = await LedgerTenant.create(admin);
    const dead = await startLedger({ url: server.url(), directory });
    const call = await dead.ledger.open(lost.call());
    await admin.query(`UPDATE gateway_instance SET seen_at = clock_timestamp() - interval '1 hour'`);
    await server.stop();
    await server.start();
    const round = () => reaper(ownPool, Date.now(), 2).run(new AbortController().signal);
    await round();
    expect(await recordOf(admin, call.id)).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    await round();
    expect(await recordOf(admin, call.id)).toMatchObject({ outcome: 'interrupted' });
    await dead.stop();
    await ownPool.end();
    await admin.end();
  });
});
