import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { SeriesDimension, SeriesRequest } from '../usage-analytics.contract.js';
import { idRange, Parameters } from './call-conditions.js';
import { TENANTS } from './calls.repository.js';
import { cellsOfRecords, RECORD_COLUMNS } from './rollup-sql.js';

/** What each dimension groups by. */
const DIMENSIONS: Readonly<Record<SeriesDimension, string>> = {
  model: 'model',
  provider: 'provider',
  project: 'project_id::text',
  key: 'key_id::text',
  operation: 'operation',
  outcome: 'outcome::text',
  error: 'error_code',
};

/** Up to where each store answers, milliseconds since the epoch: days, then hours, then the ledger itself. */
export interface SeriesSeams {
  readonly daysUntilMs: number;
  readonly hoursUntilMs: number;
}

/** One bucket of one group; the entries of its sketches put end to end. A null group: all groups beyond the limit. */
export interface SeriesRow {
  readonly at: Date;
  readonly group: readonly (string | null)[] | null;
  readonly place: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly cost: string;
  readonly unknownCostCalls: number;
  readonly unknownUsageCalls: number;
  readonly latency: Buffer | null;
  readonly firstToken: Buffer | null;
}

const SUMS = `sum(calls)::float8 AS calls, sum(input_tokens)::float8 AS "inputTokens", sum(cached_input_tokens)::float8 AS "cachedInputTokens",
  sum(cache_write_tokens)::float8 AS "cacheWriteTokens", sum(output_tokens)::float8 AS "outputTokens",
  sum(reasoning_tokens)::float8 AS "reasoningTokens", sum(cost)::text AS cost, sum(unknown_cost_calls)::float8 AS "unknownCostCalls",
  sum(unknown_usage_calls)::float8 AS "unknownUsageCalls", string_agg(latency, ''::bytea) AS latency, string_agg(first_token, ''::bytea) AS "firstToken"`;

const FIGURES = `project_id, key_id, provider, model, operation, outcome, error_code, calls, input_tokens, cached_input_tokens, cache_write_tokens,
  output_tokens, reasoning_tokens, cost, unknown_cost_calls, unknown_usage_calls, substr(latency, 2) AS latency, substr(first_token, 2) AS first_token`;

/** Reads figures by hour or day from whatever has them: roll-ups for what is over, the ledger for the rest. */
@Injectable()
export class UsageSeriesRepository {
  async read(tx: Tx, request: SeriesRequest, seams: SeriesSeams): Promise<SeriesRow[]> {
    const parameters = new Parameters();
    const cells = [...rollupArms(request, seams, parameters), ...ledgerArm(request, seams, parameters)];
    if (cells.length === 0) return [];
    const group = `ARRAY[${request.groupBy.map((dimension) => DIMENSIONS[dimension]).join(', ')}]::text[]`;
    const limit = parameters.add(request.limit);
    return tx.query<SeriesRow[]>(
      `WITH RECURSIVE ${TENANTS.replace('WITH RECURSIVE ', '')},
       points AS MATERIALIZED (SELECT at, ${group} AS "group", calls, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
         reasoning_tokens, cost, unknown_cost_calls, unknown_usage_calls, latency, first_token FROM (${cells.join(' UNION ALL ')}) cells),
       ranked AS (SELECT "group", row_number() OVER (ORDER BY sum(cost) DESC, sum(calls) DESC, "group")::int AS place FROM points GROUP BY "group")
       SELECT p.at, CASE WHEN r.place <= ${limit} THEN p."group" END AS "group", least(r.place, ${limit}::int + 1) AS place, ${SUMS}
       FROM points p JOIN ranked r ON r."group" = p."group" GROUP BY 1, 2, 3 ORDER BY place, at`,
      parameters.values,
    );
  }

  /** Bytes of sketches in the roll-ups that {@link read} would put together. */
  async sketchBytes(tx: Tx, request: SeriesRequest, seams: SeriesSeams): Promise<number> {
    const parameters = new Parameters();
    const arms = rollupArms(request, seams, parameters);
    if (arms.length === 0) return 0;
    const [row] = await tx.query<{ bytes: number }[]>(
      `SELECT coalesce(sum(coalesce(length(latency), 0) + coalesce(length(first_token), 0)), 0)::float8 AS bytes
       FROM (${arms.join(' UNION ALL ')}) cells`,
      parameters.values,
    );
    return row?.bytes ?? 0;
  }
}

/** Days as far as they go, then hours; hours alone when hours are asked for. */
function rollupArms(request: SeriesRequest, { daysUntilMs, hoursUntilMs }: SeriesSeams, parameters: Parameters): string[] {
  const { granularity, fromMs, toMs } = request;
  const hoursFromMs = granularity === 'day' ? Math.max(fromMs, daysUntilMs) : fromMs;
  const arm = (grain: string, sinceMs: number, untilMs: number): string[] => {
    if (sinceMs >= untilMs) return [];
    const conditions = [
      `grain = '${grain}' AND bucket_start >= ${parameters.add(new Date(sinceMs))} AND bucket_start < ${parameters.add(new Date(untilMs))}`,
      ...scopeConditions(request, parameters, true),
      ...cellConditions(request, 'model', parameters),
    ];
    return [
      `SELECT date_trunc('${granularity}', bucket_start, 'UTC') AS at, ${FIGURES} FROM usage_rollup WHERE ${conditions.join(' AND ')}`,
    ];
  };
  const days = granularity === 'day' ? arm('day', fromMs, Math.min(toMs, daysUntilMs)) : [];
  return [...days, ...arm('hour', hoursFromMs, Math.min(toMs, hoursUntilMs))];
}

function ledgerArm(request: SeriesRequest, { hoursUntilMs }: SeriesSeams, parameters: Parameters): string[] {
  const { granularity, toMs, scope } = request;
  const fromMs = Math.max(request.fromMs, hoursUntilMs);
  if (fromMs >= toMs) return [];
  const [lowest, beyond] = idRange(fromMs, toMs);
  const conditions = [
    `id >= ${parameters.add(lowest)} AND id < ${parameters.add(beyond)}`,
    `started_at >= ${parameters.add(new Date(fromMs))} AND started_at < ${parameters.add(new Date(toMs))}`,
    ...scopeConditions(request, parameters, false),
    ...cellConditions(request, 'requested_model', parameters),
  ].join(' AND ');
  const own = (organisation: string): string =>
    `SELECT ${RECORD_COLUMNS} FROM call_record WHERE organisation_id = ${organisation} AND ${conditions}`;
  const records =
    scope.organisationId === undefined
      ? `SELECT own.* FROM tenant CROSS JOIN LATERAL (${own('tenant.id')}) own`
      : own(parameters.add(scope.organisationId));
  return [`SELECT bucket AS at, ${FIGURES} FROM (${cellsOfRecords(records, `date_trunc('${granularity}', started_at, 'UTC')`)}) made`];
}

function scopeConditions({ scope }: SeriesRequest, parameters: Parameters, withOrganisation: boolean): string[] {
  return [
    ...(withOrganisation && scope.organisationId !== undefined ? [`organisation_id = ${parameters.add(scope.organisationId)}`] : []),
    ...(scope.projectId === undefined ? [] : [`project_id = ${parameters.add(scope.projectId)}`]),
  ];
}

function cellConditions({ filter }: SeriesRequest, modelColumn: string, parameters: Parameters): string[] {
  const wanted = {
    project_id: filter.projectId,
    key_id: filter.keyId,
    [modelColumn]: filter.model,
    provider: filter.provider,
    outcome: filter.outcome,
  };
  return Object.entries(wanted).flatMap(([column, value]) => (value === undefined ? [] : [`${column} = ${parameters.add(value)}`]));
}
