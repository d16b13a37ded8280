// The parts of SQL that make cells of roll-ups: from records of the ledger, and from finer cells. Both give the same columns in the same order.

/** What tells the cells of a bucket apart, besides their organisation. */
export const CELL_DIMENSIONS = ['project_id', 'key_id', 'provider', 'model', 'operation', 'outcome', 'error_code'] as const;
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
  error_code, usage_source, ${COUNTS.join(', ')}, cost, duration_bucket(latency_ms) AS latency_bucket, duration_bucket(first_token_ms) AS first_bucket`;

/**
 * Cells by organisation and `bucket`, an expression over `records`, which gives {@link RECORD_COLUMNS}. One pass: the grouping sets count each cell as a
 * whole (3), by latency (1) and by time to the first token (2).
 */
export function cellsOfRecords(records: string, bucket: string): string {
  const cell = `organisation_id, bucket, ${DIMENSIONS}`;
  const whole = (column: string): string => `max(${column}) FILTER (WHERE kind = 3) AS ${column}`;
  const sketch = (kind: number, column: string): string =>
    `'\\x01'::bytea || string_agg(duration_entry(${column}, calls), ''::bytea ORDER BY ${column}) FILTER (WHERE kind = ${kind} AND ${column} IS NOT NULL)`;
  return `SELECT ${cell}, ${['calls', ...COUNTS, 'cost', ...UNKNOWN].map(whole).join(', ')},
      ${sketch(1, 'latency_bucket')} AS latency, ${sketch(2, 'first_bucket')} AS first_token,
      max(source_expires_on) FILTER (WHERE kind = 3) AS source_expires_on
    FROM (
      SELECT ${cell}, latency_bucket, first_bucket, grouping(latency_bucket, first_bucket) AS kind, count(*) AS calls,
        ${COUNTS.map((column) => `coalesce(sum(${column}), 0)::bigint AS ${column}`).join(', ')}, coalesce(sum(cost), 0) AS cost,
        count(*) FILTER (WHERE cost IS NULL) AS unknown_cost_calls, count(*) FILTER (WHERE usage_source = 'unknown') AS unknown_usage_calls,
        min(expires_on) AS source_expires_on
      FROM (SELECT *, ${bucket} AS bucket FROM (${records}) own) bucketed
      GROUP BY GROUPING SETS ((${cell}), (${cell}, latency_bucket), (${cell}, first_bucket))
    ) parts GROUP BY ${cell}`;
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
