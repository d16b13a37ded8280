import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { fixedWindows } from '../../../../../test/harness/windows.js';
import { newId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { sessionAs } from '../../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../../platform/database/typeorm-unit-of-work.js';
import { type DatedStatistic, UsageStatisticsRepository } from '../../data/usage-statistics.repository.js';
import { DurationSketch } from './duration-sketch.js';
import { ReadStatistics } from './read-statistics.js';
import { ReleaseStatistics } from './release-statistics.js';
import { dayOf } from './rollup-windows.js';

const DAY = dayOf(Date.UTC(2026, 9, 14));

let database: TestDatabase;
let owner: pg.Pool;
let source: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  await owner.query(`SELECT create_expiry_partition('usage_rollup', '2099-01-01')`);
  source = new DataSource({
    type: 'postgres',
    url: database.url,
    extra: { max: 4, ...sessionAs('lethe_app', { statementMs: 10_000, connectMs: 1_000 }) },
  });
  await source.initialize();
});

afterAll(async () => {
  await source?.destroy();
  await owner?.end();
  await database?.drop();
});

beforeEach(() => owner.query('TRUNCATE usage_rollup, usage_statistic'));

const organisations = Array.from({ length: 12 }, () => newId());

interface Used {
  readonly model: string;
  /** Calls of each organisation, the first one's first. */
  readonly calls: readonly number[];
  readonly outcome?: string;
  readonly firstTokenOf?: number;
}

/** What a day came to, as the roll-up has it: every call took 200 ms. */
async function used(...all: readonly Used[]): Promise<void> {
  let cell = 0;
  for (const { model, calls, outcome = 'succeeded', firstTokenOf } of all) {
    for (const [index, count] of calls.entries()) {
      cell += 1;
      const sketch = new DurationSketch();
      sketch.add(200, count);
      await owner.query(
        `INSERT INTO usage_rollup SELECT $1, '2099-01-01', 'day', $2, $3, $1, $1, 'openai', $4, 'chat', $5::call_outcome, NULL, $6::bigint, $6::bigint * 10, 0, 0, $6::bigint, 0, 0, 0, 0,
           $7, $8, '2099-01-01'`,
        [
          organisations[index],
          new Date(DAY.startMs),
          cell,
          model,
          outcome,
          count,
          sketch.encode(),
          index === firstTokenOf ? sketch.encode() : null,
        ],
      );
    }
  }
}

async function released(minimumGroup = 5): Promise<DatedStatistic[]> {
  const unitOfWork = new TypeOrmUnitOfWork(source);
  const [statistics, settings] = [new UsageStatisticsRepository(), Object.assign(new Settings(), { statisticsMinimumGroup: minimumGroup })];
  await new ReleaseStatistics(unitOfWork, statistics, fixedWindows(), settings).run(DAY);
  return new ReadStatistics(unitOfWork, statistics).run('2026-10-14', '2026-10-14');
}

const figures = (cells: readonly DatedStatistic[]) => cells.map(({ provider, model, calls }) => [provider, model, calls]);

describe('anonymised statistics', () => {
  it('tell of models that enough organisations use, with sums that betray no other', async () => {
    await used({ model: 'large', calls: [10, 10, 10, 10, 10] }, { model: 'small', calls: [2, 2, 2, 2, 2] }, { model: 'alone', calls: [7] });
    const cells = await released();
    expect(figures(cells)).toEqual([
      [null, null, 67],
      ['openai', null, 67],
      ['openai', 'large', 50],
    ]);
    expect(cells[2]).toMatchObject({
      day: '2026-10-14',
      inputTokens: 500,
      outputTokens: 50,
      failedCalls: 0,
      latency: { p50: 201, p99: 201 },
    });
    expect(JSON.stringify(cells)).not.toMatch(/alone|small/);
  });

  it('withhold a model led by one organisation, and one of too few', async () => {
    await used({ model: 'led', calls: [100, 1, 1, 1, 1] }, { model: 'few', calls: [5, 5, 5, 5] });
    expect(await released()).toEqual([]);
  });

  it('judge each figure by itself: failures and streams of one organisation are withheld, its calls are not', async () => {
    await used({ model: 'm', calls: [10, 10, 10, 10, 10], firstTokenOf: 2 }, { model: 'm', calls: [9], outcome: 'failed' });
    const cells = await released();
    expect(cells.map(({ calls, failedCalls }) => [calls, failedCalls])).toEqual([
      [59, null],
      [59, null],
      [59, null],
    ]);
    expect(cells[2]).toMatchObject({ latency: { p50: 201 }, firstToken: null });
  });

  it('of a day are released once: what is late, and what is erased, changes nothing to subtract', async () => {
    await used({ model: 'm', calls: [10, 10, 10, 10, 10, 10] });
    const first = await released();
    await owner.query('DELETE FROM usage_rollup WHERE organisation_id = $1', [organisations[0]]);
    expect(await released()).toEqual(first);
    expect(await released(3)).toEqual(first);
  });

  it('hold no organisation, and belong to none', async () => {
    await used({ model: 'm', calls: [10, 10, 10, 10, 10] });
    await released();
    const { rows } = await owner.query<{ row: string }>('SELECT to_jsonb(s)::text AS row FROM usage_statistic s');
    for (const organisation of organisations) expect(rows.some(({ row }) => row.includes(organisation))).toBe(false);
    expect(rows).toHaveLength(3);
  });
});
