import pg from 'pg';
import { DataSource } from 'typeorm';
import { DAY_MS, ManualClock, utcDayAfter } from '../../src/kernel/clock.js';
import { newId, type OrganisationId } from '../../src/kernel/ids.js';
import { BucketOwners } from '../../src/modules/usage/core/rollups/bucket-owners.js';
import { CloseDays } from '../../src/modules/usage/core/rollups/close-days.js';
import { CompareHours } from '../../src/modules/usage/core/rollups/compare-hours.js';
import { ReadUsageSeries } from '../../src/modules/usage/core/rollups/read-usage-series.js';
import { ReleaseStatistics } from '../../src/modules/usage/core/rollups/release-statistics.js';
import { RollBuckets } from '../../src/modules/usage/core/rollups/roll-buckets.js';
import { RollByMinutes } from '../../src/modules/usage/core/rollups/roll-by-minutes.js';
import { RollHours } from '../../src/modules/usage/core/rollups/roll-hours.js';
import { RollUpUsage } from '../../src/modules/usage/core/rollups/roll-up-usage.js';
import { RollWhole } from '../../src/modules/usage/core/rollups/roll-whole.js';
import { dayOf, RollupWindows } from '../../src/modules/usage/core/rollups/rollup-windows.js';
import { lowestIdAt } from '../../src/modules/usage/data/call-conditions.js';
import { type Bucket, RollupCellsRepository, type UsageGrain } from '../../src/modules/usage/data/rollup-cells.repository.js';
import { RollupProgressRepository } from '../../src/modules/usage/data/rollup-progress.repository.js';
import { UsageSeriesRepository } from '../../src/modules/usage/data/usage-series.repository.js';
import { UsageStatisticsRepository } from '../../src/modules/usage/data/usage-statistics.repository.js';
import type { SeriesRequest, UsageSeries } from '../../src/modules/usage/usage-analytics.contract.js';
import { Settings } from '../../src/platform/config/settings.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { fixedWindows } from './windows.js';

/** Noon of a day. */
export const START_MS = Date.UTC(2026, 9, 14, 12);
export const METADATA_DAYS = 30;

/** Columns of `call_record`. */
export type Columns = Readonly<Record<string, unknown>>;

/** What the same calls come to in two places. */
export interface Sums {
  readonly calls: number;
  readonly cost: string;
  readonly tokens: number;
}

const SUMS = `coalesce(sum(cost), 0)::text AS cost, coalesce(sum(input_tokens + output_tokens + reasoning_tokens + cached_input_tokens), 0)::int AS tokens`;

/** What a statement may take unless a test says otherwise, as in an installation. */
const STATEMENT_MS = 30_000;

let made = 0;

/** An id whose time is `ms`. */
export function idAt(ms: number): string {
  made += 1;
  return lowestIdAt(ms).slice(0, -12) + made.toString(16).padStart(12, '0');
}

/** A row of the ledger by column, as `commit_calls` takes it. */
export function row(organisationId: OrganisationId, atMs: number, columns: Columns = {}): Columns {
  return {
    id: idAt(atMs),
    expires_on: utcDayAfter(atMs, METADATA_DAYS),
    organisation_id: organisationId,
    project_id: organisationId,
    key_id: organisationId,
    started_at: new Date(atMs).toISOString(),
    operation: 'chat',
    requested_model: 'm',
    stream: false,
    client_request_id: 'ticket-of-a-person',
    outcome: 'succeeded',
    provider: 'openai',
    usage_source: 'reported',
    input_tokens: 10,
    cached_input_tokens: 1,
    cache_write_tokens: 2,
    output_tokens: 5,
    reasoning_tokens: 3,
    cost: '0.000000000001',
    currency: 'USD',
    latency_ms: 100,
    first_token_ms: null,
    attempts: [],
    hold: '0',
    budgets: [],
    ...columns,
  };
}

/** A ledger, and what rolls it up and reads it, on a database and a clock of their own. */
export class RollupBench {
  clock = new ManualClock(START_MS);
  private readonly windows = fixedWindows({ request_metadata: METADATA_DAYS });

  private constructor(
    private readonly database: TestDatabase,
    /** The superuser's connections. */
    readonly owner: pg.Pool,
    private readonly sources: [DataSource, ...DataSource[]],
  ) {}

  static async start(): Promise<RollupBench> {
    const database = await createTestDatabase();
    const source = await connected(database, STATEMENT_MS);
    return new RollupBench(database, new pg.Pool({ connectionString: database.url }), [source]);
  }

  async stop(): Promise<void> {
    for (const source of this.sources) await source.destroy();
    await this.owner.end();
    await this.database.drop();
  }

  /** Nothing in the ledger, nothing rolled up, and noon again. */
  async reset(): Promise<void> {
    await this.owner.query('TRUNCATE call_record, call_intent');
    await this.forget();
  }

  /** Nothing rolled up, and noon again; the ledger stays. */
  async forget(): Promise<void> {
    this.clock = new ManualClock(START_MS);
    await this.owner.query('TRUNCATE usage_rollup, usage_late_hour, usage_statistic');
    await this.owner.query(`UPDATE usage_rollup_progress SET hours_until = 'epoch', days_until = 'epoch'`);
  }

  get unitOfWork(): UnitOfWork {
    return new TypeOrmUnitOfWork(this.sources[0]);
  }

  /** The same database, for statements that may take so long. */
  async within(statementMs: number): Promise<UnitOfWork> {
    const source = await connected(this.database, statementMs);
    this.sources.push(source);
    return new TypeOrmUnitOfWork(source);
  }

  /** The last day that a bucket is kept. */
  expiresOn(bucket: Bucket, organisationId: OrganisationId): string {
    return new RollupWindows(this.windows, this.clock).expiresOn(bucket, organisationId);
  }

  /** A round, as a worker makes it. */
  async round(unitOfWork: UnitOfWork = this.unitOfWork): Promise<void> {
    const progress = new RollupProgressRepository();
    const log = Log.open({ level: 'silent' });
    const cells = new RollupCellsRepository();
    const owners = new BucketOwners(cells, new RollupWindows(this.windows, this.clock));
    const minutes = new RollByMinutes(unitOfWork, cells, progress, owners);
    const whole = new RollWhole(unitOfWork, cells, progress, owners);
    const buckets = new RollBuckets(whole, minutes, new CompareHours(unitOfWork, cells, progress), log);
    const statistics = new ReleaseStatistics(unitOfWork, new UsageStatisticsRepository(), this.windows, new Settings());
    const hours = new RollHours(unitOfWork, progress, buckets, this.clock);
    const days = new CloseDays(unitOfWork, progress, buckets, statistics);
    await new RollUpUsage(hours, days, this.clock, log).run(new AbortController().signal);
  }

  /** What the API would answer, of the last ten days unless told otherwise. */
  series(organisationId: OrganisationId | undefined, request: Partial<SeriesRequest> = {}): Promise<UsageSeries> {
    const { unitOfWork } = this;
    const reader = new ReadUsageSeries(
      unitOfWork,
      new RollupProgressRepository(),
      new UsageSeriesRepository(),
      new RollupWindows(this.windows, this.clock),
    );
    const span = { fromMs: dayOf(START_MS - 10 * DAY_MS).startMs, toMs: dayOf(this.clock.nowMs()).endMs };
    return reader.run({ scope: { organisationId }, filter: {}, granularity: 'day', ...span, groupBy: [], limit: 10, ...request });
  }

  /** Rows as the plain commit leaves them: nobody is told. */
  async record(...rows: readonly Columns[]): Promise<void> {
    await this.partitionsFor(rows);
    await this.owner.query('INSERT INTO call_record SELECT * FROM json_populate_recordset(NULL::call_record, $1)', [JSON.stringify(rows)]);
  }

  /** So many calls of an organisation, spread evenly over an hour: four models, one key, durations up to a minute. */
  async crowd(organisationId: OrganisationId, hourMs: number, calls: number): Promise<void> {
    const one = row(organisationId, hourMs);
    await this.partitionsFor([one]);
    await this.owner.query(
      `INSERT INTO call_record SELECT (jsonb_populate_record(one, jsonb_build_object(
           'id', lpad(to_hex(at), 12, '0') || '70008000' || lpad(to_hex(nth), 12, '0'), 'started_at', to_timestamp(at / 1000.0),
           'requested_model', 'model-' || nth % 4, 'latency_ms', nth * 7919 % 60000, 'cost', (nth % 10)::text || '.000000000001'))).*
       FROM jsonb_populate_record(NULL::call_record, $1) AS one, generate_series(0, $3::bigint - 1) AS nth, LATERAL (SELECT $2::bigint + nth * 3600000 / $3 AS at) moment`,
      [JSON.stringify(one), hourMs, calls],
    );
  }

  /** Rows that come by way of a journal, or in place of what the reaper wrote. */
  async replay(...rows: readonly Columns[]): Promise<void> {
    await this.partitionsFor(rows);
    await this.owner.query(`SELECT commit_calls('[]', $1, true)`, [JSON.stringify(rows)]);
  }

  /** Calls of several organisations, hours and kinds over the last three days. */
  async someCalls(count = 400): Promise<OrganisationId[]> {
    const organisations = Array.from({ length: 3 }, () => newId<OrganisationId>());
    const rows = Array.from({ length: count }, (_, index) => {
      const organisation = organisations[index % 3] as OrganisationId;
      const unknown = index % 7 === 0;
      return row(organisation, START_MS - ((index * 7_919) % 4_320) * 60_000, {
        requested_model: `model-${index % 4}`,
        provider: index % 11 === 0 ? null : `provider-${index % 2}`,
        outcome: ['succeeded', 'failed', 'cut'][Math.floor(index / 3) % 3],
        error_code: Math.floor(index / 3) % 3 === 1 ? 'gateway/upstream_timeout' : null,
        latency_ms: index % 5 === 0 ? null : index * 13,
        first_token_ms: index % 2 === 0 ? index : null,
        cost: unknown ? null : `${index}.000000000001`,
        ...(unknown
          ? {
              usage_source: 'unknown',
              input_tokens: null,
              cached_input_tokens: null,
              cache_write_tokens: null,
              output_tokens: null,
              reasoning_tokens: null,
            }
          : {}),
      });
    });
    await this.record(...rows);
    return organisations;
  }

  async rolledUp(grain: 'hour' | 'day'): Promise<Sums> {
    const sql = `SELECT coalesce(sum(calls), 0)::int AS calls, ${SUMS} FROM usage_rollup WHERE grain = $1`;
    return (await this.owner.query<Sums>(sql, [grain])).rows[0] as Sums;
  }

  /** What is rolled up by a grain, every figure and sketch of it. */
  async cells(grain: UsageGrain): Promise<unknown[]> {
    const sql = `SELECT to_jsonb(r) - 'cell' AS cell FROM usage_rollup r WHERE grain = $1 ORDER BY organisation_id, bucket_start, model, outcome`;
    return (await this.owner.query<{ cell: unknown }>(sql, [grain])).rows.map(({ cell }) => cell);
  }

  async inLedger(beforeMs: number): Promise<Sums> {
    const sql = `SELECT count(*)::int AS calls, ${SUMS} FROM call_record WHERE started_at < $1`;
    return (await this.owner.query<Sums>(sql, [new Date(beforeMs)])).rows[0] as Sums;
  }

  async lateHours(): Promise<number> {
    return (await this.owner.query('SELECT FROM usage_late_hour')).rowCount ?? 0;
  }

  /** Up to where hours and days are rolled up. */
  async progress(): Promise<{ hours: number; days: number }> {
    const { rows } = await this.owner.query<{ hours: Date; days: Date }>(
      'SELECT hours_until AS hours, days_until AS days FROM usage_rollup_progress',
    );
    return { hours: rows[0]?.hours.getTime() ?? 0, days: rows[0]?.days.getTime() ?? 0 };
  }

  private async partitionsFor(rows: readonly Columns[]): Promise<void> {
    for (const day of new Set(rows.map(({ expires_on }) => expires_on))) {
      await this.owner.query(`SELECT create_expiry_partition('call_record', $1)`, [day]);
    }
  }
}

async function connected({ url }: TestDatabase, statementMs: number): Promise<DataSource> {
  const source = new DataSource({ type: 'postgres', url, extra: { max: 4, ...sessionAs('lethe_app', { statementMs, connectMs: 1_000 }) } });
  return source.initialize();
}
