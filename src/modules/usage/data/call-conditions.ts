import { type CallId, idTimeMs } from '../../../kernel/ids.js';
import type { CallFilter, CallScope } from '../usage-analytics.contract.js';

/** Calls get their id a moment before or after their start is noted; clocks may be set right in between. */
const ID_SLACK_MS = 3_600_000;
/** What a UUIDv7 has after its 48 bits of time, at its lowest (RFC 9562 §5.7). */
const LOWEST_REST = '7000-8000-000000000000';

/** The parameters of one statement, in the order they are first named. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The placeholder for `value`. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** The lowest UUIDv7 that could be made at `ms`. */
export function lowestIdAt(ms: number): string {
  const hex = Math.min(Math.max(0, Math.floor(ms)), 0xffff_ffff_ffff)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-${LOWEST_REST}`;
}

/** The ids that calls started from the one moment to before the other may have: the least of them, and the first that is none. */
export function idRange(fromMs: number, toMs: number): [string, string] {
  return [lowestIdAt(fromMs - ID_SLACK_MS), lowestIdAt(toMs + ID_SLACK_MS)];
}

/** When a call with this id may have started at the earliest. */
export function earliestStartMs(id: CallId): number {
  return idTimeMs(id) - ID_SLACK_MS;
}

/** The `WHERE` clause for calls of `table`, or null when no call there can match: one in flight has no provider, outcome or usage yet. */
export function callConditions(
  table: 'call_record' | 'call_intent',
  scope: CallScope,
  filter: CallFilter,
  parameters: Parameters,
): string | null {
  const conditions: string[] = [];
  const equals = (column: string, value: unknown): void => {
    if (value !== undefined) conditions.push(`${column} = ${parameters.add(value)}`);
  };
  if (table === 'call_intent') {
    if (filter.provider !== undefined || filter.usageSource !== undefined) return null;
    if (filter.outcome !== undefined && filter.outcome !== 'open') return null;
  } else {
    if (filter.outcome === 'open') return null;
    equals('outcome', filter.outcome);
    equals('provider', filter.provider);
    equals('usage_source', filter.usageSource);
  }
  equals('organisation_id', scope.organisationId);
  equals('project_id', scope.projectId);
  equals('project_id', filter.projectId);
  equals('key_id', filter.keyId);
  equals('requested_model', filter.model);
  equals('stream', filter.stream);
  equals('client_request_id', filter.clientRequestId);
  equals('end_user_id', filter.endUserId);
  conditions.push(...timeConditions(filter, parameters));
  return conditions.length > 0 ? conditions.join(' AND ') : 'true';
}

/** Exact by `started_at`; the bounds on the id, whose first bits are a time, let the index find the range. */
function timeConditions({ fromMs, toMs }: CallFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  if (fromMs !== undefined) {
    conditions.push(`started_at >= ${parameters.add(new Date(fromMs))}`, `id >= ${parameters.add(lowestIdAt(fromMs - ID_SLACK_MS))}`);
  }
  if (toMs !== undefined) {
    conditions.push(`started_at < ${parameters.add(new Date(toMs))}`, `id < ${parameters.add(lowestIdAt(toMs + ID_SLACK_MS))}`);
  }
  return conditions;
}
