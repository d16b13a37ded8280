import { join } from 'node:path';
import pg from 'pg';
import { SystemClock } from '../../src/kernel/clock.js';
import {
  type ApiKeyId,
  type BudgetId,
  type CallId,
  type InstanceId,
  newId,
  type OrganisationId,
  type ProjectId,
} from '../../src/kernel/ids.js';
import { Money } from '../../src/kernel/money.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { openJournalShelf } from '../../src/modules/usage/core/journal-shelf.js';
import { Ledger } from '../../src/modules/usage/core/ledger.js';
import type { LedgerParts } from '../../src/modules/usage/core/ledger-parts.js';
import { LedgerStore } from '../../src/modules/usage/core/ledger-store.js';
import { type BudgetRule, LimitBook } from '../../src/modules/usage/core/limit-book.js';
import { LocalBudgets } from '../../src/modules/usage/core/local-budgets.js';
import { fixedWindows } from './windows.js';
import type { CallIntent, CallSettlement } from '../../src/modules/usage/usage.contract.js';

export interface LedgerSetup {
  readonly url: string;
  /** Parent folder of the journals. */
  readonly directory: string;
  readonly instanceId?: InstanceId;
  readonly book?: LimitBook;
  readonly journalMaxBytes?: number;
  readonly instanceTimeoutSeconds?: number;
  /** Statements that take longer are taken for a lost database. */
  readonly statementMs?: number;
  /** Receives the log as JSON lines; silent without it. */
  readonly lines?: string[];
}

/** A ledger with everything it is made of, and the pool to close after it. */
export interface TestLedger {
  readonly ledger: Ledger;
  readonly instanceId: InstanceId;
  readonly localBudgets: LocalBudgets;
  readonly pool: pg.Pool;
  readonly modes: ('direct' | 'journal')[];
  readonly journalBytes: () => number;
  stop(): Promise<void>;
}

/** Budgets as the database has them, which the ledger holds in memory. */
export async function readBook(owner: pg.Pool): Promise<LimitBook> {
  const { rows } = await owner.query<BudgetRule>(`SELECT id, scope, scope_id AS "scopeId", kind, period FROM budget`);
  const book = new LimitBook();
  book.loadBudgets(rows);
  return book;
}

export async function startLedger(setup: LedgerSetup): Promise<TestLedger> {
  const instanceId = setup.instanceId ?? newId<InstanceId>();
  const pool = new pg.Pool({
    connectionString: setup.url,
    max: 3,
    idleTimeoutMillis: 0,
    ...sessionAs('lethe_system', { statementMs: setup.statementMs ?? 2_000, connectMs: 1_000 }),
  });
  pool.on('error', () => undefined);
  const modes: TestLedger['modes'] = [];
  let journalBytes = 0;
  const localBudgets = new LocalBudgets();
  const parts: LedgerParts = {
    store: new LedgerStore(pool),
    journals: openJournalShelf(setup.directory, instanceId),
    windows: fixedWindows(),
    budgets: setup.book ?? new LimitBook(),
    localBudgets,
    clock: new SystemClock(),
    log: Log.open(
      setup.lines ? { level: 'debug', destination: { write: (line: string) => void setup.lines?.push(line) } } : { level: 'silent' },
    ),
    gauge: {
      flushed: () => undefined,
      mode: (mode) => void modes.push(mode),
      journalBytes: (bytes) => {
        journalBytes = bytes;
      },
      unknownCost: () => undefined,
    },
  };
  const ledger = new Ledger(
    {
      instanceId,
      journalMaxBytes: setup.journalMaxBytes ?? 1_000_000,
      instanceTimeoutSeconds: setup.instanceTimeoutSeconds ?? 30,
    },
    parts,
  );
  await ledger.start();
  return {
    ledger,
    instanceId,
    localBudgets,
    pool,
    modes,
    journalBytes: () => journalBytes,
    stop: async () => {
      await ledger.stop();
      await pool.end();
    },
  };
}

/** One organisation with a project and a key, and budgets placed on any of the three. */
export class LedgerTenant {
  readonly organisationId = newId<OrganisationId>();
  readonly projectId = newId<ProjectId>();
  readonly keyId = newId<ApiKeyId>();

  private constructor(private readonly owner: pg.Pool) {}

  static async create(owner: pg.Pool): Promise<LedgerTenant> {
    const tenant = new LedgerTenant(owner);
    await owner.query(`INSERT INTO organisation VALUES ($1, $2, 'Acme', 'customer', 'active', now(), now())`, [
      tenant.organisationId,
      `acme-${tenant.organisationId.slice(-12)}`,
    ]);
    return tenant;
  }

  async budget(
    limit: string,
    options: { scope?: BudgetRule['scope']; kind?: BudgetRule['kind']; period?: BudgetRule['period'] } = {},
  ): Promise<BudgetId> {
    const { scope = 'key', kind = 'hard', period = 'daily' } = options;
    const scopeId = { organisation: this.organisationId, project: this.projectId, key: this.keyId }[scope];
    const id = newId<BudgetId>();
    await this.owner.query(`INSERT INTO budget VALUES ($1, $2, $3, $4, $5, $6, $7, '{50,100}', now(), now())`, [
      id,
      this.organisationId,
      scope,
      scopeId,
      kind,
      period,
      limit,
    ]);
    return id;
  }

  call(hold: string | null = '0.01', more: Partial<CallIntent> = {}): CallIntent {
    return {
      id: newId<CallId>(),
      organisationId: this.organisationId,
      projectId: this.projectId,
      keyId: this.keyId,
      startedAtMs: Date.now(),
      operation: 'chat',
      requestedModel: 'm',
      stream: false,
      clientRequestId: null,
      endUserId: null,
      hold: hold === null ? null : Money.parse(hold),
      ...more,
    };
  }
}

/** A call that ended well and cost this much; null: nobody knows. */
export function settlement(cost: string | null, more: Partial<CallSettlement> = {}): CallSettlement {
  return {
    outcome: 'succeeded',
    httpStatus: 200,
    errorCode: null,
    finishReason: 'stop',
    provider: 'openai',
    upstreamModel: 'm',
    credentialId: null,
    upstreamRequestId: null,
    usageSource: cost === null ? 'unknown' : 'reported',
    usage: { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 },
    cost: cost === null ? null : Money.parse(cost),
    priceSource: cost === null ? null : 'catalogue',
    latencyMs: 1,
    firstTokenMs: null,
    attempts: [],
    ...more,
  };
}

/** What the ledger says of one budget, and what its rows add up to: the two are equal whenever nothing is in flight (U1). */
export async function balance(
  owner: pg.Pool,
  budgetId: string,
): Promise<{ spent: number; held: number; records: number; intents: number }> {
  const { rows } = await owner.query<{ spent: number; held: number; records: number; intents: number }>(
    `SELECT coalesce((SELECT spent FROM budget_period WHERE budget_id = $1), 0)::float8 AS spent,
       coalesce((SELECT held FROM budget_period WHERE budget_id = $1), 0)::float8 AS held,
       (SELECT coalesce(sum(cost), 0)::float8 FROM call_record WHERE budgets::jsonb @> $2) AS records,
       (SELECT coalesce(sum(hold), 0)::float8 FROM call_intent WHERE budgets::jsonb @> $2) AS intents`,
    [budgetId, JSON.stringify([{ id: budgetId }])],
  );
  return rows[0] ?? { spent: 0, held: 0, records: 0, intents: 0 };
}

export async function recordOf(owner: pg.Pool, id: string): Promise<{ outcome: string; cost: string | null } | undefined> {
  const { rows } = await owner.query<{ outcome: string; cost: string | null }>(
    'SELECT outcome, cost::float8::text AS cost FROM call_record WHERE id = $1',
    [id],
  );
  if (rows.length > 1) throw new Error(`call ${id} has ${rows.length} records`);
  return rows[0];
}

export function journalFolder(directory: string, instanceId: string): string {
  return join(directory, instanceId);
}
