import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { sweepTables } from '../../../../test/harness/sweeps.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../platform/database/typeorm-unit-of-work.js';
import { BudgetsRepository } from '../data/budgets.repository.js';
import { ForgetBudgetPeriods } from './forget-budget-periods.js';

const brief = newId<OrganisationId>();
const long = newId<OrganisationId>();

const windows = fixedWindows({ usage_aggregate: 30 });
windows.setFor(brief, 'usage_aggregate', 3);

let database: TestDatabase;
let owner: pg.Pool;
let source: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  source = new DataSource({ type: 'postgres', url: database.url, extra: sessionAs('lethe_app', { statementMs: 5_000, connectMs: 1_000 }) });
  await source.initialize();
  for (const id of [brief, long]) {
    await owner.query(
      `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'o', 'customer', 'active', now(), now())`,
      [id],
    );
  }
});

afterAll(async () => {
  await source.destroy();
  await owner.end();
  await database.drop();
});

beforeEach(() => owner.query('TRUNCATE budget, budget_period'));

/** A budget, and periods of it from the days they begin on. */
async function budget(
  organisationId: OrganisationId,
  period: 'daily' | 'monthly' | 'total',
  ...starts: readonly string[]
): Promise<string> {
  const id = newId();
  await owner.query(
    `INSERT INTO budget (id, organisation_id, scope, scope_id, kind, period, limit_amount, alert_percents, created_at, updated_at)
     VALUES ($1, $2, 'organisation', $2, 'hard', $3, 10, '{}', now(), now())`,
    [id, organisationId, period],
  );
  await owner.query(
    'INSERT INTO budget_period (budget_id, period_start, organisation_id, spent) SELECT $1, start, $2, 1 FROM unnest($3::date[]) start',
    [id, organisationId, starts],
  );
  return id;
}

/** Removes what is due at a moment; answers how much, and the first days of the periods that are left of a budget. */
async function sweptAt(moment: string, id: string): Promise<{ readonly removed: number; readonly left: string[] }> {
  const unitOfWork = new TypeOrmUnitOfWork(source);
  const sweep = new ForgetBudgetPeriods(unitOfWork, new BudgetsRepository(), windows);
  const { budget_period: removed = 0 } = await sweepTables(sweep, unitOfWork, Date.parse(moment));
  const { rows } = await owner.query<{ start: string }>(
    'SELECT period_start::text AS start FROM budget_period WHERE budget_id = $1 ORDER BY 1',
    [id],
  );
  return { removed, left: rows.map(({ start }) => start) };
}

it('D2: a day that is over is kept for its organisation’s window, and no longer', async () => {
  const days = ['2026-05-01', '2026-05-28', '2026-05-31'];
  const [mine, theirs] = [await budget(brief, 'daily', ...days), await budget(long, 'daily', ...days)];
  expect(await sweptAt('2026-05-31T23:59:59Z', mine)).toEqual({ removed: 1, left: days.slice(1) });
  expect(await sweptAt('2026-06-01T00:00:00Z', mine)).toEqual({ removed: 2, left: days.slice(2) });
  expect(await sweptAt('2026-06-01T00:00:00Z', theirs)).toEqual({ removed: 0, left: days.slice(1) });
});

it('D2: a month is counted from its end, and the one that runs stays under the shortest window', async () => {
  const id = await budget(brief, 'monthly', '2026-02-01', '2026-03-01');
  expect(await sweptAt('2026-03-03T23:59:59Z', id)).toEqual({ removed: 0, left: ['2026-02-01', '2026-03-01'] });
  expect(await sweptAt('2026-03-04T00:00:00Z', id)).toEqual({ removed: 1, left: ['2026-03-01'] });
  expect(await sweptAt('2026-03-31T23:59:59Z', id)).toEqual({ removed: 0, left: ['2026-03-01'] });
});

it('a total stays as long as its budget', async () => {
  const id = await budget(brief, 'total', '1970-01-01');
  expect(await sweptAt('2033-01-01T00:00:00Z', id)).toEqual({ removed: 0, left: ['1970-01-01'] });
});

it('a period with a hold waits for the call that it is for', async () => {
  const id = await budget(brief, 'daily', '2026-05-01');
  await owner.query('UPDATE budget_period SET held = 0.5');
  expect((await sweptAt('2026-06-01T00:00:00Z', id)).left).toHaveLength(1);
  await owner.query('UPDATE budget_period SET held = 0');
  expect((await sweptAt('2026-06-01T00:00:00Z', id)).left).toEqual([]);
});

it('more periods than one transaction removes are removed all the same', async () => {
  const id = await budget(brief, 'daily');
  await owner.query(
    `INSERT INTO budget_period (budget_id, period_start, organisation_id) SELECT $1, day, $2 FROM generate_series('1980-01-01'::date, '2020-01-01', '1 day') day`,
    [id, brief],
  );
  expect((await sweptAt('2026-06-01T00:00:00Z', id)).removed).toBeGreaterThan(14_000);
});

it('D5: what a legal hold covers is kept aside', async () => {
  const id = await budget(long, 'daily', '2026-05-01');
  await owner.query(
    `INSERT INTO operator (id, name, role, status, created_at, updated_at) VALUES ($1, 'o', 'administrator', 'active', now(), now())`,
    [newId()],
  );
  await owner.query(
    `INSERT INTO legal_hold (id, matter, reason, organisation_id, data_classes, placed_by, placed_at)
     SELECT $1, 'M-1', 'litigation', $2, '{usage_aggregate}', id, now() FROM operator`,
    [newId(), long],
  );
  expect((await sweptAt('2026-06-05T00:00:00Z', id)).left).toEqual([]);
  expect((await owner.query('SELECT FROM held_row')).rowCount).toBe(1);
});
