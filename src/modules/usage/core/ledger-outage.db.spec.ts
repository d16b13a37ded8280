import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  balance,
  journalFolder,
  type LedgerSetup,
  LedgerTenant,
  readBook,
  recordOf,
  settlement,
  startLedger,
  type TestLedger,
} from '../../../../test/harness/ledger.js';
import { type OwnPostgres, startOwnPostgres } from '../../../../test/harness/postgres.js';
import { type PostgresProxy, startPostgresProxy } from '../../../../test/harness/postgres-proxy.js';
import type { AppError } from '../../../kernel/errors.js';
import { type InstanceId, newId } from '../../../kernel/ids.js';
import { runMigrations } from '../../../platform/database/migrations.js';
import type { OpenCall } from '../usage.contract.js';
import { LimitBook } from './limit-book.js';

let server: OwnPostgres;
let owner: pg.Pool;
let tenant: LedgerTenant;
let directory: string;
const replicas: TestLedger[] = [];
const harness = (file: string) => fileURLToPath(new URL(`../../../../test/harness/${file}`, import.meta.url));

beforeAll(async () => {
  // A killed server must not forget what it answered.
  server = await startOwnPostgres({ synchronous_commit: 'on' });
  await runMigrations(server.url());
  owner = new pg.Pool({ connectionString: server.url(), max: 4 });
  owner.on('error', () => undefined);
});

afterAll(async () => {
  await owner.end();
  await server.destroy();
});

beforeEach(async () => {
  // Should the test before have failed in the middle of its outage.
  await server.start();
  directory = mkdtempSync(join(tmpdir(), 'lethe-outage-'));
  tenant = await LedgerTenant.create(owner);
});

afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function replica(more: Partial<LedgerSetup> = {}): Promise<TestLedger> {
  const book = more.book ?? (await readBook(owner));
  const started = await startLedger({ url: server.url(), directory, instanceTimeoutSeconds: 3, ...more, book });
  replicas.push(started);
  return started;
}

const backToDirect = (ledger: TestLedger) =>
  vi.waitFor(() => expect(ledger.modes.at(-1)).toBe('direct'), { timeout: 10_000, interval: 20 });
const codes = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as AppError).code] : []));

async function settledOnce(calls: readonly OpenCall[], outcome = 'succeeded'): Promise<void> {
  const { rows } = await owner.query<{ id: string; outcome: string }>('SELECT id, outcome FROM call_record WHERE id = ANY ($1)', [
    calls.map((call) => call.id),
  ]);
  expect(rows.map((row) => row.id).sort()).toEqual(calls.map((call) => call.id).sort());
  expect(new Set(rows.map((row) => row.outcome))).toEqual(new Set(calls.length > 0 ? [outcome] : []));
}

describe('while Postgres is stopped', () => {
  it('U3: calls open and settle, and are in the ledger exactly once when it is back', async () => {
    const budget = await tenant.budget('10');
    const { ledger, modes, journalBytes, instanceId, ...own } = await replica();
    const before = [await ledger.open(tenant.call()), await ledger.open(tenant.call())];
    await server.stop();
    const during = await Promise.all(Array.from({ length: 20 }, () => ledger.open(tenant.call())));
    await Promise.all([before[0], ...during.slice(0, 10)].map(async (call) => call?.settle(settlement('0.004'))));
    expect(modes.at(-1)).toBe('journal');
    expect(journalBytes()).toBeGreaterThan(0);
    await server.start();
    await backToDirect({ ledger, modes, journalBytes, instanceId, ...own });
    expect(await balance(owner, budget)).toEqual({ spent: 0.044, held: 0.11, records: 0.044, intents: 0.11 });
    await Promise.all([before[1], ...during.slice(10)].map(async (call) => call?.settle(settlement('0.001'))));
    await settledOnce([...before, ...during]);
    expect(await balance(owner, budget)).toEqual({ spent: 0.055, held: 0, records: 0.055, intents: 0 });
    expect(journalBytes()).toBe(0);
    expect(readdirSync(journalFolder(directory, instanceId)).filter((name) => name.endsWith('.jsonl'))).toEqual([]);
  });

  it('U2: two replicas spend no more of a hard budget together than was left', async () => {
    const budget = await tenant.budget('1');
    const [first, second] = [await replica(), await replica()];
    // Each has heard of the other and of the budget.
    await Promise.all([first, second].map(async ({ ledger }) => (await ledger.open(tenant.call('0.1'))).settle(settlement('0.1'))));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await server.stop();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 400 }, (_, n) => (n % 2 ? first : second).ledger.open(tenant.call('0.01'))),
    );
    const passed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(passed.length).toBe(80);
    expect(new Set(codes(outcomes))).toEqual(new Set(['usage/ledger_unavailable']));
    await Promise.all(passed.map((call) => call.settle(settlement('0.01'))));
    await server.start();
    await Promise.all([backToDirect(first), backToDirect(second)]);
    expect(await balance(owner, budget)).toEqual({ spent: 1, held: 0, records: 1, intents: 0 });
  });

  it('U2: what is settled for less than its hold may be spent again, and no more than that', async () => {
    const budget = await tenant.budget('0.05');
    const { ledger, ...own } = await replica();
    await (await ledger.open(tenant.call('0.01'))).settle(settlement('0.01'));
    await server.stop();
    let passed = 0;
    for (let call = 0; call < 30; call += 1) {
      const open = await ledger.open(tenant.call('0.02')).catch(() => null);
      if (!open) break;
      await open.settle(settlement('0.005'));
      passed += 1;
    }
    expect(passed).toBe(5);
    await server.start();
    await backToDirect({ ledger, ...own });
    expect((await balance(owner, budget)).spent).toBe(0.035);
  });

  it('past the bound of the journal calls are refused with the time to wait, and those in flight still settle', async () => {
    const { ledger, ...own } = await replica({ journalMaxBytes: 65_536 });
    await server.stop();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => ledger.open(tenant.call())));
    const calls = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.length).toBeLessThan(40);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'usage/ledger_unavailable', status: 503, details: { retryAfterSeconds: 5 } });
    await Promise.all(calls.map((call) => call.settle(settlement('0.001'))));
    const [file = ''] = readdirSync(journalFolder(directory, own.instanceId)).filter((name) => name.endsWith('.jsonl'));
    expect(readFileSync(join(journalFolder(directory, own.instanceId), file)).length).toBeLessThan(65_536);
    await server.start();
    await backToDirect({ ledger, ...own });
    await settledOnce(calls);
  });

  it('U3: what a process that was killed had journalled is replayed by the next', async () => {
    const budget = await tenant.budget('10');
    const instanceId = newId<InstanceId>();
    const calls = Array.from({ length: 10 }, () => ({ ...tenant.call(), hold: '0.01' }));
    const rules = [{ id: budget, scope: 'key', scopeId: tenant.keyId, kind: 'hard', period: 'daily' }];
    await server.stop();
    const settings = JSON.stringify({ url: server.url(), directory, instanceId, rules, calls });
    const child = spawn(process.execPath, ['--import', harness('queue-worker-hook.mjs'), harness('ledger-process.ts'), settings]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    try {
      await vi.waitFor(() => expect(said).toContain('waiting'), { timeout: 20_000 });
    } finally {
      child.kill('SIGKILL');
    }
    await new Promise((resolve) => child.once('close', resolve));
    const { ledger } = await replica({ book: new LimitBook() });
    const own = await ledger.open(tenant.call());
    await server.start();
    await vi.waitFor(async () => expect(await balance(owner, budget)).toEqual({ spent: 0.02, held: 0.05, records: 0.02, intents: 0.05 }), {
      timeout: 10_000,
    });
    await vi.waitFor(() => expect(existsSync(journalFolder(directory, instanceId))).toBe(false));
    await own.settle(settlement('0'));
  });

  it('U3: a stop waits until what is in flight is in the journal', async () => {
    const first = await startLedger({ url: server.url(), directory });
    await server.stop();
    const open = await first.ledger.open(tenant.call());
    void open.settle(settlement('0.5'));
    await first.stop();
    await server.start();
    await replica();
    await vi.waitFor(async () => expect(await recordOf(owner, open.id)).toEqual({ outcome: 'succeeded', cost: '0.5' }));
  });

  it('U3: with the disk full as well, new calls are refused and records wait in memory', async (context) => {
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    context.skip(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0, 'only root may mount a small disk');
    try {
      const full = await startLedger({ url: server.url(), directory: disk, book: await readBook(owner), instanceTimeoutSeconds: 3 });
      const calls = await Promise.all(Array.from({ length: 30 }, () => full.ledger.open(tenant.call())));
      await server.stop();
      const settled = Promise.all(calls.map((call) => call.settle(settlement('0.001'))));
      await expect(full.ledger.open(tenant.call())).rejects.toMatchObject({ code: 'usage/ledger_unavailable', status: 503 });
      await server.start();
      await settled;
      await settledOnce(calls);
      await full.stop();
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('an entry that Postgres refuses takes no other of the journal down, and its call has a record of what is certain', async () => {
    const { ledger, instanceId, ...own } = await replica();
    const calls = await Promise.all(Array.from({ length: 5 }, () => ledger.open(tenant.call())));
    await server.stop();
    const absurd = { inputTokens: 1e15, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };
    await Promise.all(calls.map((call, n) => call.settle(settlement('0.001', n === 2 ? { usage: absurd } : {}))));
    await server.start();
    await backToDirect({ ledger, instanceId, ...own });
    await settledOnce(calls);
    const folder = journalFolder(directory, instanceId);
    const [rejected] = readdirSync(folder).filter((name) => /^rejected-\d{4}-\d\d-\d\d\.jsonl$/.test(name));
    expect(readFileSync(join(folder, rejected ?? ''), 'utf8')).toContain(calls[2]?.id);
    const { rows } = await owner.query('SELECT usage_source, cost, error_code FROM call_record WHERE id = $1', [calls[2]?.id]);
    expect(rows).toEqual([{ usage_source: 'unknown', cost: null, error_code: 'usage/record_refused' }]);
  });
});

describe('when Postgres fails under load', () => {
  const forMs = (ms: number) => {
    const endMs = performance.now() + ms;
    return () => performance.now() < endMs;
  };

  async function load(ledgers: readonly TestLedger[], goesOn: () => boolean): Promise<OpenCall[]> {
    const settled: OpenCall[] = [];
    const client = async (n: number) => {
      while (goesOn()) {
        const ledger = ledgers[n % ledgers.length];
        const open = await ledger?.ledger.open(tenant.call('0.01')).catch(() => null);
        if (!open) await new Promise((resolve) => setTimeout(resolve, 20));
        await open?.settle(settlement('0.003'));
        if (open) settled.push(open);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => client(n)));
    return settled;
  }

  it('U3: killed and restarted, every acknowledged call is there once, and the budget adds up', async () => {
    const budget = await tenant.budget('100000');
    const fleet = [await replica(), await replica()];
    const calls = load(fleet, forMs(2_200));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    const settled = await calls;
    await Promise.all(fleet.map(backToDirect));
    await settledOnce(settled);
    const sums = await balance(owner, budget);
    expect(sums).toMatchObject({ held: 0, intents: 0, spent: sums.records });
    expect(sums.records).toBeCloseTo(settled.length * 0.003, 9);
  });

  it('gets back to direct commits although calls keep coming', async () => {
    const own = await replica({ journalMaxBytes: 100_000_000 });
    let goesOn = true;
    const calls = load([own], () => goesOn);
    await server.stop();
    await vi.waitFor(() => expect(own.modes.at(-1)).toBe('journal'));
    await server.start();
    await backToDirect(own).finally(() => (goesOn = false));
    await settledOnce(await calls);
  });

  it('U3: frozen and thawed, nothing is lost or doubled, and commits it makes late leave no hold behind', async () => {
    const budget = await tenant.budget('100000');
    const own = await replica({ statementMs: 300 });
    const calls = load([own], forMs(3_200));
    await new Promise((resolve) => setTimeout(resolve, 500));
    server.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    server.resume();
    const settled = await calls;
    await backToDirect(own);
    await settledOnce(settled);
    await vi.waitFor(async () => expect(await balance(owner, budget)).toMatchObject({ held: 0, intents: 0 }), { timeout: 5_000 });
    const sums = await balance(owner, budget);
    expect(sums.spent).toBe(sums.records);
  });
});

describe('a commit whose answer is lost', () => {
  let proxy: PostgresProxy;

  beforeEach(async () => {
    proxy = await startPostgresProxy(server.url());
  });

  afterEach(() => proxy.close());

  it('U3: is neither missing nor made twice', async () => {
    const budget = await tenant.budget('10');
    const own = await replica({ url: proxy.url });
    await (await own.ledger.open(tenant.call('0.01'))).settle(settlement('0.001'));
    proxy.loseAnswers();
    const open = await own.ledger.open(tenant.call('0.01'));
    expect(await balance(owner, budget)).toMatchObject({ held: 0.01, intents: 0.01 });
    proxy.mend();
    await backToDirect(own);
    expect(await balance(owner, budget)).toMatchObject({ held: 0.01, intents: 0.01 });
    proxy.loseAnswers();
    await open.settle(settlement('0.004'));
    proxy.mend();
    await backToDirect(own);
    expect(await balance(owner, budget)).toEqual({ spent: 0.005, held: 0, records: 0.005, intents: 0 });
  });

  it('peers 3: holds nothing when its call was refused in the end', async () => {
    const budget = await tenant.budget('10');
    await (await (await replica()).ledger.open(tenant.call())).settle(settlement('0'));
    // This replica knows nothing of what is left, so it may not spend any of it alone.
    const own = await replica({ url: proxy.url });
    proxy.loseAnswers();
    await expect(own.ledger.open(tenant.call('0.01'))).rejects.toMatchObject({ code: 'usage/ledger_unavailable' });
    expect(await balance(owner, budget)).toMatchObject({ held: 0.01, intents: 0.01 });
    proxy.mend();
    await vi.waitFor(async () => expect(await balance(owner, budget)).toMatchObject({ held: 0, intents: 0, records: 0 }), {
      timeout: 5_000,
    });
  });

  it('U3: a network that is down leaves the calls of others alone', async () => {
    const budget = await tenant.budget('10');
    const [cut, other] = [await replica({ url: proxy.url }), await replica()];
    await (await cut.ledger.open(tenant.call())).settle(settlement('0.001'));
    proxy.cut();
    const calls = await Promise.all([cut, other].map(({ ledger }) => ledger.open(tenant.call())));
    expect([cut.modes.at(-1), other.modes.at(-1)]).toEqual(['journal', 'direct']);
    await Promise.all(calls.map((call) => call.settle(settlement('0.001'))));
    proxy.mend();
    await backToDirect(cut);
    expect(await balance(owner, budget)).toEqual({ spent: 0.003, held: 0, records: 0.003, intents: 0 });
  });
});
