import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settlement } from '../../../../test/harness/ledger.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import { SystemClock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { type ApiKeyId, type BudgetId, type InstanceId, newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { Money } from '../../../kernel/money.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { CallIntent } from '../usage.contract.js';
import { openJournalShelf } from './journal-shelf.js';
import { Ledger } from './ledger.js';
import { LedgerStore } from './ledger-store.js';
import { LimitBook } from './limit-book.js';
import { LocalBudgets } from './local-budgets.js';

const quiet = { flushed: () => undefined, mode: () => undefined, journalBytes: () => undefined, unknownCost: () => undefined };

describe('the ledger', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  const directory = mkdtempSync(join(tmpdir(), 'lethe-ledger-'));
  const organisationId = newId<OrganisationId>();
  const projectId = newId<ProjectId>();
  const keyId = newId<ApiKeyId>();
  const running: Ledger[] = [];
  const pools: pg.Pool[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    // A connection may outlive the end of its pool until the database is dropped under it.
    owner.on('error', () => undefined);
    await owner.query(`INSERT INTO organisation VALUES ($1, 'acme', 'Acme', 'customer', 'active', now(), now())`, [organisationId]);
  });

  afterAll(async () => {
    for (const ledger of running) await ledger.stop();
    for (const pool of pools) await pool.end();
    await owner.end();
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  async function replica(book = new LimitBook()): Promise<Ledger> {
    const pool = new pg.Pool({
      connectionString: database.url,
      max: 3,
      ...sessionAs('lethe_system', { statementMs: 5_000, connectMs: 2_000 }),
    });
    pools.push(pool);
    const instanceId = newId<InstanceId>();
    const ledger = new Ledger(
      { instanceId, journalMaxBytes: 1_000_000, instanceTimeoutSeconds: 30 },
      {
        store: new LedgerStore(pool),
        journals: openJournalShelf(join(directory, instanceId), instanceId),
        windows: fixedWindows(),
        budgets: book,
        localBudgets: new LocalBudgets(),
        clock: new SystemClock(),
        log: Log.open({ level: 'silent' }),
        gauge: quiet,
      },
    );
    await ledger.start();
    running.push(ledger);
    return ledger;
  }

  async function budget(limit: string, kind: 'hard' | 'soft' = 'hard'): Promise<{ id: BudgetId; book: LimitBook }> {
    const id = newId<BudgetId>();
    await owner.query(`DELETE FROM budget`);
    await owner.query(`INSERT INTO budget VALUES ($1, $2, 'key', $3, $4, 'daily', $5, '{50,100}', now(), now())`, [
      id,
      organisationId,
      keyId,
      kind,
      limit,
    ]);
    const book = new LimitBook();
    book.loadBudgets([{ id, scope: 'key', scopeId: keyId, kind, period: 'daily' }]);
    return { id, book };
  }

  function call(hold: string | null = '0.01'): CallIntent {
    return {
      id: newId(),
      organisationId,
      projectId,
      keyId,
      startedAtMs: Date.now(),
      operation: 'chat',
      requestedModel: 'm',
      stream: false,
      clientRequestId: null,
      endUserId: null,
      hold: hold === null ? null : Money.parse(hold),
    };
  }

  const period = async (id: string) => {
    const { rows } = await owner.query<{ spent: string; held: string }>(
      'SELECT spent::float8::text AS spent, held::float8::text AS held FROM budget_period WHERE budget_id = $1',
      [id],
    );
    return rows[0];
  };

  it('U2, peers 1, 2 and 8: 500 first-ever concurrent calls on two replicas never pass a hard budget for 100', async () => {
    const { id, book } = await budget('1');
    const replicas = await Promise.all([replica(book), replica(book)]);
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, async (_, index) => replicas[index % 2]?.open(call('0.01'))));
    const passed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' && outcome.value ? [outcome.value] : []));
    expect(passed.length).toBe(100);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect((outcome.reason as AppError).code).toBe('usage/budget_exceeded');
    }
    expect(await period(id)).toEqual({ spent: '0', held: '1' });
    await Promise.all(passed.map((open) => open.settle(settlement('0.004'))));
    expect(await period(id)).toEqual({ spent: '0.4', held: '0' });
  });

  it('U3: a call settles once, however often it is told to', async () => {
    const { id, book } = await budget('5');
    const ledger = await replica(book);
    const open = await ledger.open(call());
    await Promise.all([open.settle(settlement('0.002')), open.settle(settlement('0.002')), open.settle(settlement('0.002'))]);
    const { rows } = await owner.query('SELECT cost::float8 AS cost, outcome FROM call_record WHERE id = $1', [open.id]);
    expect(rows).toEqual([{ cost: 0.002, outcome: 'succeeded' }]);
    expect(await period(id)).toEqual({ spent: '0.002', held: '0' });
  });

  it('peers 7: a hold is given back whole when the call cost nothing', async () => {
    const { id, book } = await budget('5');
    const ledger = await replica(book);
    const open = await ledger.open(call());
    await open.settle({ ...settlement('0'), outcome: 'failed', usageSource: 'none' });
    expect(await period(id)).toEqual({ spent: '0', held: '0' });
  });

  it('peers 11: an unknown cost is null in the ledger, not zero', async () => {
    const ledger = await replica();
    const open = await ledger.open(call(null));
    await open.settle(settlement(null));
    const { rows } = await owner.query('SELECT cost, usage_source FROM call_record WHERE id = $1', [open.id]);
    expect(rows).toEqual([{ cost: null, usage_source: 'unknown' }]);
  });

  it('refuses a call of unknown price under a hard budget, and lets it pass under a soft one', async () => {
    const hard = await replica((await budget('5')).book);
    await expect(hard.open(call(null))).rejects.toMatchObject({ code: 'usage/price_unknown' });
    const soft = await replica((await budget('5', 'soft')).book);
    await expect(soft.open(call(null))).resolves.toBeDefined();
  });

  it('U2: a soft budget never refuses, and says once that each of its thresholds is passed', async () => {
    await owner.query('DELETE FROM outbox_event');
    const { id, book } = await budget('0.01', 'soft');
    const ledger = await replica(book);
    for (let n = 0; n < 6; n += 1) await (await ledger.open(call('0.005'))).settle(settlement('0.005'));
    const { rows } = await owner.query<{ percent: number }>(
      `SELECT (payload ->> 'percent')::int AS percent FROM outbox_event WHERE payload ->> 'budgetId' = $1 ORDER BY 1`,
      [id],
    );
    expect(rows.map((row) => row.percent)).toEqual([50, 100]);
  });

  it('one entry the database refuses takes no other of its batch down', async () => {
    const ledger = await replica();
    const outcomes = await Promise.allSettled([
      ledger.open(call()),
      ledger.open({ ...call(), requestedModel: 'nul\u0000' }),
      ledger.open(call()),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
