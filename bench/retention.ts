import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../dist/platform/database/embedded-postgres.js';
import { openApplication } from '../dist/cli/installation.js';
import { PartitionMaintenance } from '../dist/modules/retention/retention.contract.js';
import { loadSettings } from '../dist/platform/config/load-settings.js';
import { runMigrations } from '../dist/platform/database/migrations.js';

// What a purge costs (D2): `npm run build && node bench/retention.ts`. A day of 1,000,000 call records beside one of 10,000, by a round of
// retention as the worker makes it, receipt included, and the same million by DELETE; while four connections write one call record after the
// other, each its own commit. With its own PostgreSQL under its usual, durable settings, but for vacuuming what was filled a moment ago: a day
// that expires has been quiet for weeks.

const MANY = 1_000_000;
const FEW = 10_000;
const WRITERS = 4;
const QUIET_MS = 5_000;
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const DAY_MS = 86_400_000;
const TODAY = new Date().toISOString().slice(0, 10);
const YESTERDAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);

const directory = mkdtempSync(join(tmpdir(), 'lethe-bench-retention-'));
const server = await EmbeddedPostgres.start({ directory: join(directory, 'pg'), settings: { max_wal_size: '8GB', autovacuum: 'off' } });
const pool = new pg.Pool({ connectionString: server.url('postgres'), max: WRITERS + 2 });
// Connections that are idle when the server stops.
pool.on('error', () => undefined);

const RECORD = `$1::uuid, $2::date, '00000000-0000-7000-8000-000000000001'::uuid, '00000000-0000-7000-8000-000000000002'::uuid,
  '00000000-0000-7000-8000-000000000003'::uuid, now(), 'chat', 'gpt-4o-mini', false, NULL, 'succeeded', 200, NULL, 'stop', 'openai', 'gpt-4o-mini',
  NULL::uuid, 'req-0123456789', 'reported', 900, 0, 0, 120, 0, 0.0012, 'USD', 'catalogue', 812, 401,
  '[{"provider":"openai","model":"gpt-4o-mini","reason":"first","outcome":"succeeded","status":200,"ms":812}]'::json, 0.002, '[]'::json`;

async function fill(day: string, rows: number): Promise<void> {
  await pool.query(`SELECT create_expiry_partition('call_record', $1)`, [day]);
  await pool.query(
    `INSERT INTO call_record SELECT ${RECORD.replace('$1::uuid', 'gen_random_uuid()').replace('$2', '$1')} FROM generate_series(1, $2::int)`,
    [day, rows],
  );
}

/** Latencies of single writes, milliseconds, until `stop` is set. */
async function write(stop: { now: boolean }, latencies: { atMs: number; ms: number }[]): Promise<void> {
  const client = await pool.connect();
  while (!stop.now) {
    const began = performance.now();
    await client.query({ name: 'write', text: `INSERT INTO call_record SELECT ${RECORD}`, values: [crypto.randomUUID(), TODAY] });
    latencies.push({ atMs: began, ms: performance.now() - began });
  }
  client.release();
}

function p99(latencies: readonly { ms: number }[]): number {
  const sorted = latencies.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

interface Measured {
  readonly ms: number;
  readonly quietP99: number;
  readonly busyP99: number;
  readonly longest: number;
}

/** Runs `work` while the writers write; their p99 in the quiet seconds before it and in the second that begins with it. */
async function amidWriters(work: () => Promise<unknown>): Promise<Measured> {
  const stop = { now: false };
  const latencies: { atMs: number; ms: number }[] = [];
  const writers = Array.from({ length: WRITERS }, () => write(stop, latencies));
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1_000 - ms)));
  stop.now = true;
  await Promise.all(writers);
  const busy = latencies.filter(({ atMs }) => atMs >= began - 50);
  return {
    ms,
    quietP99: p99(latencies.filter(({ atMs }) => atMs < began - 500)),
    busyP99: p99(busy),
    longest: Math.max(...busy.map((each) => each.ms)),
  };
}

function report(name: string, all: readonly Measured[]): void {
  const median = (of: (each: Measured) => number) => all.map(of).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
  const figures = [
    median(({ ms }) => ms),
    median(({ quietP99 }) => quietP99),
    median(({ busyP99 }) => busyP99),
    median(({ longest }) => longest),
  ];
  console.log(`${name.padEnd(28)} ${figures.map((figure) => figure.toFixed(1).padStart(10)).join('')}`);
}

try {
  const url = server.url('postgres');
  await runMigrations(url);
  const settings = loadSettings({
    DATABASE_URL: url,
    LETHE_DATA_DIR: join(directory, 'data'),
    LETHE_LOG_LEVEL: 'silent',
    LETHE_PROFILE: 'zero-retention',
  });
  const application = await openApplication(settings, { url, ownerUrl: url, embedded: false, close: () => Promise.resolve() });
  const retention = application.get(PartitionMaintenance);
  const drop = async (): Promise<void> => {
    const { dropped } = await retention.run();
    if (dropped.length !== 1) throw new Error(`dropped ${dropped.length} partitions`);
  };
  await retention.run();
  await pool.query(`SELECT create_expiry_partition('call_record', $1)`, [TODAY]);
  const results: Record<string, Measured[]> = { few: [], many: [], deleted: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, rows] of [
      ['few', FEW],
      ['many', MANY],
    ] as const) {
      await fill(YESTERDAY, rows);
      await pool.query('CHECKPOINT');
      results[name]?.push(await amidWriters(drop));
    }
    await fill(YESTERDAY, MANY);
    await pool.query('CHECKPOINT');
    results['deleted']?.push(await amidWriters(() => pool.query(`DELETE FROM call_record WHERE expires_on = '${YESTERDAY}'`)));
    await drop();
  }
  console.log(
    `medians of ${ROUNDS} rounds, ms    ${['purge', 'p99 before', 'p99 during', 'longest'].map((each) => each.padStart(10)).join('')}`,
  );
  report('10,000 records, dropped', results['few'] ?? []);
  report('1,000,000 records, dropped', results['many'] ?? []);
  report('1,000,000 records, DELETE', results['deleted'] ?? []);
  await application.close();
} finally {
  await pool.end();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
