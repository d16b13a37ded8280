import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { Money } from '../../../kernel/money.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { ReadUsageSeries } from '../core/rollups/read-usage-series.js';
import {
  type SeriesRequest,
  type SummaryDimension,
  type SummaryRequest,
  UsageAnalytics,
  type UsageFigures,
  type UsageSeries,
  type UsageSummary,
} from '../usage-analytics.contract.js';
import { callConditions, Parameters } from './call-conditions.js';
import { inScope } from './in-scope.js';

/** What each dimension groups by. */
const DIMENSIONS: Readonly<Record<SummaryDimension, string>> = {
  model: 'requested_model',
  provider: 'provider',
  project: 'project_id::text',
  key: 'key_id::text',
  day: `(started_at AT TIME ZONE 'UTC')::date::text`,
};

const SOURCE_COLUMNS = `organisation_id, project_id, key_id, started_at, requested_model`;

const FIGURES = `count(*) FILTER (WHERE NOT open)::float8 AS calls,
  count(*) FILTER (WHERE outcome = 'succeeded')::float8 AS succeeded, count(*) FILTER (WHERE outcome = 'failed')::float8 AS failed,
  count(*) FILTER (WHERE outcome = 'cut')::float8 AS cut, count(*) FILTER (WHERE outcome = 'disconnected')::float8 AS disconnected,
  count(*) FILTER (WHERE outcome = 'interrupted')::float8 AS interrupted, count(*) FILTER (WHERE open)::float8 AS open,
  coalesce(sum(input_tokens), 0)::float8 AS "inputTokens", coalesce(sum(cached_input_tokens), 0)::float8 AS "cachedInputTokens",
  coalesce(sum(cache_write_tokens), 0)::float8 AS "cacheWriteTokens", coalesce(sum(output_tokens), 0)::float8 AS "outputTokens",
  coalesce(sum(reasoning_tokens), 0)::float8 AS "reasoningTokens", coalesce(sum(cost), 0)::text AS cost,
  count(*) FILTER (WHERE NOT open AND cost IS NULL)::float8 AS "unknownCostCalls",
  count(*) FILTER (WHERE usage_source = 'unknown')::float8 AS "unknownUsageCalls"`;

type SummaryRow = UsageFigures & { readonly total: boolean } & Readonly<Record<`by_${SummaryDimension}`, string | null>>;

/**
 * {@link UsageAnalytics} in PostgreSQL. Summaries straight from the ledger: groups and total come from one statement, so they agree with each other as
 * well. Series from the roll-ups made of it.
 */
@Injectable()
export class PostgresUsageAnalytics extends UsageAnalytics {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly seriesReader: ReadUsageSeries,
  ) {
    super();
  }

  override series(request: SeriesRequest): Promise<UsageSeries> {
    return this.seriesReader.run(request);
  }

  override async summarise(request: SummaryRequest): Promise<UsageSummary> {
    const { groupBy, limit } = request;
    const { sql, values } = statement(request);
    const rows = await inScope(this.unitOfWork, request.scope, (tx) => tx.query<SummaryRow[]>(sql, values));
    const total = present(
      rows.find((row) => row.total),
      'the total of a summary',
    );
    const groups = groupBy.length === 0 ? [] : rows.filter((row) => !row.total);
    return {
      groups: groups.slice(0, limit).map((row) => ({
        group: Object.fromEntries(groupBy.map((dimension) => [dimension, row[`by_${dimension}`]])),
        figures: figures(row),
      })),
      total: figures(total),
      truncated: groups.length > limit,
    };
  }
}

function statement({ scope, filter, groupBy, limit }: SummaryRequest): { sql: string; values: unknown[] } {
  const parameters = new Parameters();
  const records = callConditions('call_record', scope, filter, parameters);
  const intents = callConditions('call_intent', scope, filter, parameters);
  const source = [
    `SELECT ${SOURCE_COLUMNS}, false AS open, provider, outcome, usage_source, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
       reasoning_tokens, cost FROM call_record WHERE ${records ?? 'false'}`,
    `SELECT ${SOURCE_COLUMNS}, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM call_intent WHERE ${intents ?? 'false'}`,
  ];
  const expressions = groupBy.map((dimension) => DIMENSIONS[dimension]);
  const columns = groupBy.map((dimension) => `${DIMENSIONS[dimension]} AS by_${dimension}, `);
  const isTotal = expressions.length === 0 ? 'true' : `grouping(${expressions.join(', ')}) <> 0`;
  const sets = expressions.length === 0 ? '()' : `(${expressions.join(', ')}), ()`;
  // One for the total, one more than shown to learn whether there are more.
  const bound = parameters.add(limit + 2);
  const sql = `SELECT ${columns.join('')}${isTotal} AS total, ${FIGURES}
    FROM (${source.join(' UNION ALL ')}) calls GROUP BY GROUPING SETS (${sets})
    ORDER BY total DESC, sum(cost) DESC NULLS LAST, ${[...expressions, '1'].join(', ')} LIMIT ${bound}`;
  return { sql, values: parameters.values };
}

function figures({ cost, ...row }: SummaryRow): UsageFigures {
  return {
    calls: row.calls,
    succeeded: row.succeeded,
    failed: row.failed,
    cut: row.cut,
    disconnected: row.disconnected,
    interrupted: row.interrupted,
    open: row.open,
    inputTokens: row.inputTokens,
    cachedInputTokens: row.cachedInputTokens,
    cacheWriteTokens: row.cacheWriteTokens,
    outputTokens: row.outputTokens,
    reasoningTokens: row.reasoningTokens,
    cost: Money.parse(cost).toString(),
    unknownCostCalls: row.unknownCostCalls,
    unknownUsageCalls: row.unknownUsageCalls,
  };
}
