import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { balance, LedgerTenant, settlement } from '../../../../test/harness/ledger.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { type BudgetId, type CallId, type InstanceId, newId } from '../../../kernel/ids.js';
import { sessionAs } from '../../../platform/database/roles.js';
import type { BudgetHold } from '../usage.contract.js';
import { type IntentRow, intentRow, recordRow } from './call-rows.js';
import { plainCommit, plainCommitStates, readRowTypes, type RowTypes } from './plain-commit.js';
import type { BatchShape } from './plain-statement.js';

const START = '2026-01-01';
const HOLD = '0.25';
const COST = '0.1';
const WINDOW_DAYS = 30;

let database: TestDatabase;
let owner: pg.Pool;
let session: pg.Client;
let types: RowTypes;
let tenant: LedgerTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  owner.on('error', () => undefined);
  session = new pg.Client({ connectionString: database.url, ...sessionAs('lethe_system', { statementMs: 5_000, connectMs: 5_000 }) });
  await session.connect();
  types = await readRowTypes(session);
  await owner.query(`SELECT create_expiry_partition('call_record', current_date + day) FROM generate_series($1::int, $1::int + 1) AS day`, [
    WINDOW_DAYS,
  ]);
});

afterAll(async () => {
  await Promise.all([owner.end(), session.end()]);
  await database.drop();
});

beforeEach(async () => {
  await owner.query('TRUNCATE call_intent, call_record, budget_period, budget');
  tenant = await LedgerTenant.create(owner);
});

interface Standing {
  readonly spent?: string | number;
  readonly held?: string | number;
  readonly alerted?: number;
}

/** A budget that was touched before in this period. */
async function touched(limit: string, kind: 'hard' | 'soft', { spent = 0, held = 0, alerted = 0 }: Standing = {}): Promise<BudgetHold> {
  const id: BudgetId = await tenant.budget(limit, { scope: kind === 'hard' ? 'key' : 'project', kind });
  await owner.query(
    `INSERT INTO budget_period (budget_id, period_start, organisation_id, spent, held, alerted_percent)
     SELECT id, $2, organisation_id, $3, $4, $5 FROM budget WHERE id = $1`,
    [id, START, spent, held, alerted],
  );
  return { id, start: START };
}

function intent(budgets: readonly BudgetHold[]): IntentRow {
  return intentRow({ ...tenant.call(HOLD), id: newId<CallId>() }, budgets, { instanceId: newId<InstanceId>(), windowDays: WINDOW_DAYS });
}

async function commit(intents: readonly IntentRow[], settled: readonly IntentRow[]): Promise<ReturnType<typeof plainCommitStates>> {
  const records = settled.map((row) => recordRow(row, settlement(COST)));
  const { name, text, values } = plainCommit(types, intents, records);
  const { rows } = await session.query<{ states: string | null }>({ name, text, values: [...values] });
  return plainCommitStates(rows[0]?.states ?? null);
}

async function idsIn(table: 'call_intent' | 'call_record'): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`);
  return rows.map(({ id }) => id);
}

const sums = ({ id }: BudgetHold) => balance(owner, id as BudgetId);
const refusal: unknown = expect.objectContaining({ code: 'LT001' });

describe('a plain commit', () => {
  const parts = ['of intents', 'of settlements', 'of both'] as const;
  const shapes = parts.flatMap((part) => (['none', 'one', 'several'] as const).map((budgets) => [part, budgets] as const));

  it.each(shapes)('%s, on %s of the budgets, writes each row and moves each sum', async (part, count: BatchShape['budgets']) => {
    const budgets = [await touched('10', 'hard'), await touched('10', 'soft')].slice(0, { none: 0, one: 1, several: 2 }[count]);
    const settled = part === 'of intents' ? [] : [intent(budgets), intent(budgets)];
    if (settled.length > 0) await commit(settled, []);
    const opened = part === 'of settlements' ? [] : [intent(budgets), intent(budgets), intent(budgets)];

    const states = await commit(opened, settled);

    expect(await idsIn('call_intent')).toEqual(opened.map(({ id }) => id).sort());
    expect(await idsIn('call_record')).toEqual(settled.map(({ id }) => id).sort());
    const [held, spent] = [opened.length * Number(HOLD), settled.length * Number(COST)];
    for (const budget of budgets) expect(await sums(budget)).toMatchObject({ held, spent });
    const left = states.map(({ id, start, remaining, version }) => ({ id, start, remaining: Number(remaining), version }));
    const expected = { start: START, remaining: 10 - held - spent, version: settled.length > 0 ? 2 : 1 };
    expect(left.sort((a, b) => a.id.localeCompare(b.id))).toEqual(budgets.map(({ id }) => ({ id, ...expected })));
  });

  it('is refused and changes nothing where a settlement has no intent', async () => {
    const budget = await touched('10', 'hard');
    const [known, unknown, fresh] = [intent([budget]), intent([budget]), intent([budget])];
    await commit([known], []);
    for (const opened of [[], [fresh]]) await expect(commit(opened, [known, unknown])).rejects.toEqual(refusal);
    expect([await idsIn('call_intent'), await idsIn('call_record')]).toEqual([[known.id], []]);
    expect(await sums(budget)).toMatchObject({ held: 0.25, spent: 0 });
  });

  it.each(['one', 'several'] as const)('is refused and changes nothing where of %s budgets one was not touched before', async (count) => {
    const fresh = { id: await tenant.budget('10'), start: START };
    const budgets = count === 'one' ? [fresh] : [fresh, await touched('10', 'soft')];
    await expect(commit([intent(budgets)], [])).rejects.toEqual(refusal);
    expect(await idsIn('call_intent')).toEqual([]);
  });

  it('U2: is refused where a hold does not fit under a hard limit, and only there', async () => {
    const hard = await touched('1', 'hard', { held: '0.5' });
    const soft = await touched('1', 'soft', { held: '5' });
    await commit([intent([hard]), intent([hard])], []);
    await expect(commit([intent([hard])], [])).rejects.toEqual(refusal);
    await expect(commit([intent([hard, soft])], [])).rejects.toEqual(refusal);
    await commit([intent([soft])], []);
    expect([await sums(hard), await sums(soft)]).toMatchObject([{ held: 1 }, { held: 5.25 }]);
  });

  it('U2: is refused exactly where an alert is due', async () => {
    const percents = fc.uniqueArray(fc.integer({ min: 1, max: 150 }), { maxLength: 4 }).map((list) => list.sort((a, b) => a - b));
    const cents = fc.integer({ min: 0, max: 200 });
    await fc.assert(
      fc.asyncProperty(percents, cents, cents, fc.integer({ min: 0, max: 150 }), async (list, limit, spent, alerted) => {
        await owner.query('TRUNCATE call_intent, budget_period, budget');
        const budget = await touched(String(limit / 100), 'soft', { spent: spent / 100, alerted });
        await owner.query('UPDATE budget SET alert_percents = $1', [list]);
        const call = intent([budget]);
        await commit([call], []);
        const due = list.some((percent) => percent > alerted && (spent + Number(COST) * 100) * 100 >= limit * percent);
        if (due) await expect(commit([], [call])).rejects.toEqual(refusal);
        else await commit([], [call]);
      }),
      { numRuns: 150 },
    );
  });
});
