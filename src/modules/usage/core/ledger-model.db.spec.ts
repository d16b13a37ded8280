import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { balance, LedgerTenant, readBook, settlement, startLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { SystemClock } from '../../../kernel/clock.js';
import { type BudgetId, type InstanceId, newId } from '../../../kernel/ids.js';
import { Money } from '../../../kernel/money.js';
import { SystemPool } from '../../../platform/database/system-pool.js';
import { type IntentRow, intentRow, interruptedRow, type RecordRow, recordRow } from './call-rows.js';
import { LedgerStore } from './ledger-store.js';
import type { EndUserId, OpenCall } from '../usage.contract.js';

let database: TestDatabase;
let owner: pg.Pool;
let pool: SystemPool;
let tenant: LedgerTenant;
let directory: string;
const ledgers: TestLedger[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  // A connection may outlive the end of its pool until the database is dropped under it.
  owner.on('error', () => undefined);
  pool = new SystemPool(database.url, 4);
});

afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-model-'));
  await owner.query('TRUNCATE call_intent, call_record, budget_period, budget');
  tenant = await LedgerTenant.create(owner);
});

afterEach(async () => {
  for (const ledger of ledgers.splice(0)) await ledger.stop();
  rmSync(directory, { recursive: true });
});

async function fleet(size: number): Promise<TestLedger[]> {
  const book = await readBook(owner);
  for (let n = 0; n < size; n += 1) ledgers.push(await startLedger({ url: database.url, directory, book }));
  return ledgers;
}

async function adjustsUp(budgets: readonly BudgetId[]): Promise<void> {
  for (const budget of budgets) {
    const sums = await balance(owner, budget);
    expect([sums.spent, sums.held]).toEqual([expect.closeTo(sums.records, 9), expect.closeTo(sums.intents, 9)]);
  }
}

/** What one call goes through. A replay is what a journal does with entries that may be there already. */
type Step = { readonly call: number; readonly what: 'open' | 'settle' | 'reap' | 'replay' };

describe('the ledger against a simple model', () => {
  it('U1, U2, U3: whatever the order of opening, settling, reaping and replaying, budgets are the sum of their rows, and each call is there once', async () => {
    const store = new LedgerStore(pool);
    const holds = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 });
    const what = fc.constantFrom<Step['what']>('open', 'settle', 'reap', 'replay');
    const steps = fc.array(fc.array(fc.record({ call: fc.nat(5), what }), { minLength: 1, maxLength: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(holds, steps, async (cents, batches) => {
        await owner.query('TRUNCATE call_intent, call_record, budget_period, budget');
        const budgets = [
          await tenant.budget('1'),
          await tenant.budget('0.8', { scope: 'project', period: 'total' }),
          await tenant.budget('0.1', { kind: 'soft', scope: 'organisation' }),
        ];
        const policy = await readBook(owner);
        const context = { instanceId: newId<InstanceId>(), clock: new SystemClock(), windowDays: 30 };
        const rows = cents.map((amount): IntentRow => {
          const call = tenant.call(`0.${String(amount).padStart(2, '0')}`);
          return intentRow(call, policy.budgetsFor(call, call.startedAtMs).holds, context);
        });
        const charged = rows.map((row) => Money.parse(row.hold).dividedBy(2));
        const finished = new Map<string, RecordRow>();
        const opened = new Set<string>();

        for (const batch of batches) {
          const wanted = batch.flatMap(({ call, what: how }) =>
            rows[call] ? [{ row: rows[call], how, cost: charged[call] ?? Money.ZERO }] : [],
          );
          const fresh = wanted.filter(({ how, row }) => how === 'open' && !opened.has(row.id)).map(({ row }) => row);
          const intents = [...new Map(fresh.map((row) => [row.id, row])).values()];
          for (const row of intents) opened.add(row.id);
          const { refused } = await store.commit(intents, [], false);
          for (const { id } of refused) opened.delete(id);
          for (const { how, row, cost } of wanted) {
            if (!opened.has(row.id)) continue;
            const record = recordRow(row, settlement(cost.toString()));
            if (how === 'settle') await store.commit([], [record], false);
            if (how === 'replay') await store.commit([row], [record], true);
            if (how === 'reap') await store.commit([], [interruptedRow(row)], false);
            const known = finished.get(row.id);
            if (how !== 'open' && (!known || known.outcome === 'interrupted'))
              finished.set(row.id, how === 'reap' ? interruptedRow(row) : record);
          }
          await adjustsUp(budgets);
          const [day, total] = await Promise.all(budgets.slice(0, 2).map((budget) => balance(owner, budget)));
          // Only a call that was reaped and charged after all may take a hard budget over its limit; here that needs half of what was free.
          if (
            ![...finished.values()].some((record) => record.outcome === 'interrupted') &&
            batches.flat().every((step) => step.what !== 'reap')
          ) {
            expect((day?.spent ?? 0) + (day?.held ?? 0)).toBeLessThanOrEqual(1.000001);
            expect((total?.spent ?? 0) + (total?.held ?? 0)).toBeLessThanOrEqual(0.800001);
          }
        }
        const { rows: written } = await owner.query<{ id: string; outcome: string }>('SELECT id, outcome FROM call_record');
        expect(new Map(written.map((row) => [row.id, row.outcome]))).toEqual(
          new Map([...finished].map(([id, record]) => [id, record.outcome])),
        );
        expect(written).toHaveLength(finished.size);
        const { rows: left } = await owner.query<{ id: string }>('SELECT id FROM call_intent');
        expect(left.map((row) => row.id).sort()).toEqual([...opened].filter((id) => !finished.has(id)).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('U2: many replicas at once on shared budgets never pass the limit at any moment, dead-lock or leave a hold', async () => {
    const budgets = [
      await tenant.budget('3', { scope: 'organisation', period: 'monthly' }),
      await tenant.budget('2', { scope: 'project', period: 'total' }),
      await tenant.budget('1.5'),
      await tenant.budget('0.5', { kind: 'soft' }),
    ];
    const replicas = await fleet(4);
    const others = { keyId: newId() as LedgerTenant['keyId'] };
    const watched: number[] = [];
    let running = true;
    const watch = (async () => {
      while (running) {
        const { rows } = await owner.query<{ over: number }>(
          `SELECT count(*)::int AS over FROM budget_period p JOIN budget b ON b.id = p.budget_id WHERE b.kind = 'hard' AND p.spent + p.held > b.limit_amount`,
        );
        watched.push(rows[0]?.over ?? 0);
      }
    })();
    let settled = 0;
    const client = async (n: number) => {
      for (let turn = 0; turn < 12; turn += 1) {
        const call = tenant.call('0.02', turn % 3 === 0 ? others : {});
        const open: OpenCall | null = (await replicas[n % 4]?.ledger.open(call).catch(() => null)) ?? null;
        await open?.settle(settlement(n % 2 ? '0.013' : '0.002'));
        if (open) settled += 1;
      }
    };
    await Promise.all(Array.from({ length: 48 }, (_, n) => client(n)));
    running = false;
    await watch;
    expect(Math.max(...watched)).toBe(0);
    expect(settled).toBeGreaterThan(100);
    await adjustsUp(budgets);
    for (const budget of budgets) expect((await balance(owner, budget)).held).toBe(0);
    expect(replicas.flatMap((replica) => replica.modes)).not.toContain('journal');
  });

  it('peers 3: the plain way and the way call by call leave the same rows', async () => {
    const text = {
      requestedModel: `quote " back \\ slash, comma (paren) {brace} 'tick' ünïcode 🙂 NULL`,
      clientRequestId: '',
      endUserId: newId<EndUserId>(),
    };
    const budgets = [await tenant.budget('10'), await tenant.budget('10', { scope: 'project', kind: 'soft', period: 'monthly' })];
    const [replica] = await fleet(1);
    const attempts = [{ credentialId: null, provider: 'openai', model: '"x\\', reason: 'first', outcome: 'ok', status: 200, ms: 3 }];
    const rich = settlement('0.0000001', { finishReason: '', upstreamModel: 'a,b"c\\', attempts: attempts as never, errorCode: 'NULL' });
    // The first batch makes the budgets' periods, call by call; the second is plain.
    for (let round = 0; round < 2; round += 1) await (await replica?.ledger.open(tenant.call('0.25', text)))?.settle(rich);
    const { rows } = await owner.query<Record<string, unknown>>('SELECT * FROM call_record');
    const [first, second] = rows.map(({ id: _id, started_at: _at, ...rest }) => rest);
    expect(first).toEqual(second);
    expect(first).toMatchObject({
      requested_model: text.requestedModel,
      client_request_id: '',
      end_user_id: text.endUserId,
      finish_reason: '',
      upstream_model: 'a,b"c\\',
      error_code: 'NULL',
      attempts,
    });
    await adjustsUp(budgets);
  });

  it('a record is written although nobody made the partition of its day, and in a server of another language', async () => {
    await owner.query(`SELECT drop_expired_partitions('call_record', '2100-01-01')`);
    const foreign = new pg.Pool({ connectionString: database.url, max: 2, options: '-c role=lethe_system -c lc_messages=C' });
    const store = new LedgerStore(foreign);
    const context = { instanceId: newId<InstanceId>(), clock: new SystemClock(), windowDays: 17 };
    const rows = Array.from({ length: 4 }, () => intentRow(tenant.call(), [], context));
    await Promise.all(rows.map((row) => store.commit([row], [], false)));
    await Promise.all(rows.map((row) => store.commit([], [recordRow(row, settlement('0.1'))], false)));
    expect((await owner.query('SELECT FROM call_record')).rowCount).toBe(4);
    await store.close();
    await foreign.end();
  });
});
