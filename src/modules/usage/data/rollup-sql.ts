// The parts of SQL that make cells of roll-ups: from records of the ledger, and from finer cells. Both give the same columns in the same order.

/** What tells the cells of a bucket apart, besides their organisation. */
const CELL_DIMENSIONS = ['project_id', 'key_id', 'provider', 'model', 'operation', 'outcome', 'error_code'];
const DIMENSIONS = CELL_DIMENSIONS.join(', ');

const COUNTS = ['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'] as const;
const UNKNOWN = ['unknown_cost_calls', 'unknown_usage_calls'] as const;

/** The columns of a cell, in the order both makers give them. */
export const CELL_COLUMNS = [
  ...CELL_DIMENSIONS,
  'calls',
  ...COUNTS,
  'cost',
  ...UNKNOWN,
  'latency',
  'first_token',
  'source_expires_on',
].join(', ');

/** The columns that {@link cellsOfRecords} reads of each record. */
export const RECORD_COLUMNS = `organisation_id, started_at, expires_on, project_id, key_id, provider, requested_model AS model, operation, outcome,
  error_code, usage_source, ${COUNTS.join(', ')}, cost, latency_ms, first_token_ms`;

/**
 * Cells by organisation and `bucket`, an expression over `records`, which gives {@link RECORD_COLUMNS}. One pass over the records: durations are gathered by
 * cell and counted afterwards, by their value alone.
 */
export function cellsOfRecords(records: string, bucket: string): string {
  const cell = `organisation_id, bucket, ${DIMENSIONS}`;
  return `SELECT ${cell}, count(*) AS calls, ${COUNTS.map((column) => `coalesce(sum(${column}), 0)::bigint AS ${column}`).join(', ')},
      coalesce(sum(cost), 0) AS cost, count(*) FILTER (WHERE cost IS NULL) AS unknown_cost_calls,
      count(*) FILTER (WHERE usage_source = 'unknown') AS unknown_usage_calls, count_durations(array_agg(latency_ms)) AS latency,
      count_durations(array_agg(first_token_ms)) AS first_token, min(expires_on) AS source_expires_on
    FROM (SELECT *, ${bucket} AS bucket FROM (${records}) own) bucketed GROUP BY ${cell}`;
}

/** Cells merged by organisation and `bucket`, an expression over `cells`, which gives the columns of `usage_rollup`. */
export function cellsOfCells(cells: string, bucket: string): string {
  const cell = `organisation_id, bucket, ${DIMENSIONS}`;
  const sum = (column: string): string => `sum(${column})::bigint AS ${column}`;
  const merged = (column: string): string => `merge_durations(string_agg(substr(${column}, 2), ''::bytea)) AS ${column}`;
  return `SELECT ${cell}, ${['calls', ...COUNTS].map(sum).join(', ')}, sum(cost) AS cost, ${UNKNOWN.map(sum).join(', ')}, ${merged('latency')},
      ${merged('first_token')}, min(source_expires_on) AS source_expires_on
    FROM (SELECT *, ${bucket} AS bucket FROM (${cells}) own) bucketed GROUP BY ${cell}`;
}
