import type { Pool } from 'pg';
import { NotRepresentable } from '../../../platform/database/binary-rows.js';
import type { BudgetState, IntentRow, RecordRow } from './call-rows.js';
import { isDatabaseError, isMissingPartition } from './database-verdict.js';
import { CommitSessions } from './commit-sessions.js';
import { plainCommit, plainCommitStates } from './plain-commit.js';

/** An intent that a hard budget has no room for. */
export interface Refusal {
  readonly id: string;
  readonly budget: string;
}

export interface CommitResult {
  readonly refused: readonly Refusal[];
  readonly budgets: readonly BudgetState[];
}

const NOTHING: CommitResult = { refused: [], budgets: [] };

/** Raised by the plain commit, which has then changed nothing: not plain (LT001), a conflict (40), or something in it is not taken. */
const NOT_PLAIN = /^(LT001|40|22|23|54)/;
const CONFLICT = /^40/;
const CONFLICT_ATTEMPTS = 3;

/** The SQL side of the ledger: one statement, one round trip and one commit for all calls of a batch. */
export class LedgerStore {
  private readonly sessions: CommitSessions;

  constructor(private readonly pool: Pool) {
    this.sessions = new CommitSessions(pool.options);
  }

  /** Closes what the store itself has opened; the pool is its giver's. */
  async close(): Promise<void> {
    await this.sessions.close();
  }

  /**
   * Commits a batch, and answers which intents a budget refused. The plain way first; what is not plain, and everything from the
   * journal, call by call. Each way may be repeated: what is already there is not written again.
   */
  async commit(intents: readonly IntentRow[], records: readonly RecordRow[], replay: boolean): Promise<CommitResult> {
    if (intents.length === 0 && records.length === 0) return NOTHING;
    if (!replay) {
      try {
        return await this.commitPlain(intents, records);
      } catch (error) {
        const notPlain = error instanceof NotRepresentable || (isDatabaseError(error) && NOT_PLAIN.test(error.code));
        if (!notPlain) throw error;
      }
    }
    return this.commitEach(intents, records, replay);
  }

  /** Marks this gateway as alive and counts those that are, by the database's own clock. */
  async heartbeat(instanceId: string, timeoutSeconds: number): Promise<number> {
    await this.sessions.keepReady();
    const { rows } = await this.pool.query<{ alive: number }>(
      `WITH me AS (
         INSERT INTO gateway_instance (id, started_at, seen_at) VALUES ($1, clock_timestamp(), clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at RETURNING id)
       SELECT (1 + (SELECT count(*) FROM gateway_instance
         WHERE id <> $1 AND seen_at > clock_timestamp() - make_interval(secs => $2)))::int AS alive FROM me`,
      [instanceId, timeoutSeconds],
    );
    return rows[0]?.alive ?? 1;
  }

  /** How these budgets stand. One that is deleted or untouched in the period has no answer. */
  async readBudgets(periods: readonly { readonly id: string; readonly start: string }[]): Promise<BudgetState[]> {
    if (periods.length === 0) return [];
    const { rows } = await this.pool.query<BudgetState>(
      `SELECT p.budget_id AS id, p.period_start::text AS start, (b.limit_amount - p.spent - p.held)::text AS remaining, p.version::int AS version
       FROM unnest($1::uuid[], $2::date[]) AS t (id, start)
       JOIN budget_period p ON p.budget_id = t.id AND p.period_start = t.start
       JOIN budget b ON b.id = t.id`,
      [periods.map((period) => period.id), periods.map((period) => period.start)],
    );
    return rows;
  }

  /** Takes back intents whose calls were refused in the end, should their commit have been made unheard. Answers how many there were. */
  async withdraw(ids: readonly string[]): Promise<number> {
    const { rows } = await this.pool.query<{ withdrawn: number }>('SELECT withdraw_calls($1::uuid[]) AS withdrawn', [ids]);
    return rows[0]?.withdrawn ?? 0;
  }

  /** Rejects unless commits can be made: a server may answer and still be read-only, as one that is about to be failed over to. */
  async probe(): Promise<void> {
    const { rows } = await this.pool.query<{ closed: boolean }>(
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS closed`,
    );
    if (rows[0]?.closed !== false) throw new Error('PostgreSQL answers but takes no writes');
  }

  async sayGoodbye(instanceId: string): Promise<void> {
    await this.pool.query('DELETE FROM gateway_instance WHERE id = $1', [instanceId]);
  }

  private async commitEach(intents: readonly IntentRow[], records: readonly RecordRow[], replay: boolean): Promise<CommitResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.commitOnce(intents, records, replay);
      } catch (error) {
        if (attempt === CONFLICT_ATTEMPTS || !isDatabaseError(error)) throw error;
        if (isMissingPartition(error)) await this.createPartitions(records);
        else if (!CONFLICT.test(error.code)) throw error;
      }
    }
  }

  /** The worker makes partitions ahead. Should it have been away that long, or the clock have jumped, a call is still recorded. */
  private async createPartitions(records: readonly RecordRow[]): Promise<void> {
    for (const day of new Set(records.map((record) => record.expires_on))) {
      // The table may be too busy for it; the commit that follows finds out.
      await this.pool.query(`SELECT create_expiry_partition('call_record', $1)`, [day]).catch(() => undefined);
    }
  }

  private async commitPlain(intents: readonly IntentRow[], records: readonly RecordRow[]): Promise<CommitResult> {
    const answer = await this.sessions.run((types) => plainCommit(types, intents, records));
    return { refused: [], budgets: plainCommitStates(answer) };
  }

  private async commitOnce(intents: readonly IntentRow[], records: readonly RecordRow[], replay: boolean): Promise<CommitResult> {
    const { rows } = await this.pool.query<{ result: CommitResult }>({
      name: 'commit_calls',
      text: 'SELECT commit_calls($1::json, $2::json, $3) AS result',
      values: [JSON.stringify(intents), JSON.stringify(records), replay],
    });
    return rows[0]?.result ?? { refused: [], budgets: [] };
  }
}
