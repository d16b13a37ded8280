import type { Pool } from 'pg';
import type { Clock } from '../../../kernel/clock.js';
import { Money } from '../../../kernel/money.js';
import type { Change, ChangeSubscriber } from '../../../platform/database/change-feed.js';
import type { BudgetState } from '../core/call-rows.js';
import { type BudgetRule, type LimitBook, periodStart, type RateRule } from '../core/limit-book.js';
import type { LocalBudgets } from '../core/local-budgets.js';
import type { PriceBook } from '../core/price-book.js';

/** Keeps budgets, rate limits and prices in memory. They are few, so a change re-reads its whole table. */
export class LimitsSnapshot implements ChangeSubscriber {
  readonly tables = ['budget', 'rate_limit', 'price_override'];

  constructor(
    private readonly pool: Pool,
    private readonly books: { readonly limits: LimitBook; readonly prices: PriceBook; readonly localBudgets: LocalBudgets },
    private readonly clock: Clock,
  ) {}

  async onChange(change: Change): Promise<void> {
    if (change.table === 'budget') await this.readBudgets();
    else if (change.table === 'rate_limit') await this.readRates();
    else await this.readPrices();
  }

  async onResync(): Promise<void> {
    await this.readBudgets();
    await this.readRates();
    await this.readPrices();
  }

  private async readBudgets(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const starts = [periodStart('daily', nowMs), periodStart('monthly', nowMs), periodStart('total', nowMs)];
    // With what is left of each, in case Postgres goes away before a call touches it. A period without a row is untouched: all of it is left.
    const { rows } = await this.pool.query<BudgetRule & Omit<BudgetState, 'id'>>(
      `SELECT b.id, b.scope, b.scope_id AS "scopeId", b.kind, b.period, t.start::text AS start,
         (b.limit_amount - coalesce(p.spent + p.held, 0))::text AS remaining, coalesce(p.version, 0)::int AS version
       FROM budget b
       CROSS JOIN LATERAL (SELECT CASE b.period WHEN 'daily' THEN $1::date WHEN 'monthly' THEN $2::date ELSE $3::date END AS start) t
       LEFT JOIN budget_period p ON p.budget_id = b.id AND p.period_start = t.start`,
      starts,
    );
    this.books.limits.loadBudgets(rows);
    this.books.localBudgets.learn(rows);
  }

  private async readRates(): Promise<void> {
    const { rows } = await this.pool.query<RateRule>(
      `SELECT scope, scope_id AS "scopeId", requests_per_minute AS "requestsPerMinute", tokens_per_minute AS "tokensPerMinute" FROM rate_limit`,
    );
    this.books.limits.loadRates(rows);
  }

  private async readPrices(): Promise<void> {
    const { rows } = await this.pool.query<PriceRow>(
      `SELECT provider, model, input_per_million::text AS input, cached_input_per_million::text AS cached,
         output_per_million::text AS output, per_request::text AS request FROM price_override`,
    );
    this.books.prices.load(
      rows.map((row) => ({
        provider: row.provider,
        model: row.model,
        input: Money.parse(row.input),
        cachedInput: row.cached === null ? null : Money.parse(row.cached),
        output: Money.parse(row.output),
        perRequest: Money.parse(row.request),
      })),
    );
  }
}

interface PriceRow {
  readonly provider: string | null;
  readonly model: string;
  readonly input: string;
  readonly cached: string | null;
  readonly output: string;
  readonly request: string;
}
