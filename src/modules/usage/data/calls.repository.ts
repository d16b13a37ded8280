import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { CallId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { CallFilter, CallOutcome, CallScope, UsageSource } from '../usage-analytics.contract.js';
import type { AttemptRecord, BudgetHold } from '../usage.contract.js';
import { callConditions, Parameters } from './call-conditions.js';

/** A call as it stands: a record of the ledger, or an intent in flight, whose later columns are null. */
export interface CallRow {
  readonly id: CallId;
  readonly organisationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly startedAt: Date;
  readonly expiresOn: string;
  readonly operation: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly clientRequestId: string | null;
  readonly endUserId: string | null;
  readonly hold: string;
  readonly budgets: readonly BudgetHold[];
  readonly outcome: CallOutcome;
  readonly httpStatus: number | null;
  readonly errorCode: string | null;
  readonly finishReason: string | null;
  readonly provider: string | null;
  readonly upstreamModel: string | null;
  readonly credentialId: string | null;
  readonly upstreamRequestId: string | null;
  readonly usageSource: UsageSource | null;
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly outputTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly cost: string | null;
  readonly currency: string;
  readonly priceSource: 'catalogue' | 'override' | null;
  readonly latencyMs: number | null;
  readonly firstTokenMs: number | null;
  readonly attempts: readonly AttemptRecord[];
}

/** Columns that both tables have. */
const SHARED = `id, organisation_id AS "organisationId", project_id AS "projectId", key_id AS "keyId", started_at AS "startedAt",
  expires_on::text AS "expiresOn", operation, requested_model AS "requestedModel", stream, client_request_id AS "clientRequestId",
  end_user_id AS "endUserId", hold::text AS hold, budgets`;

const RECORD = `${SHARED}, outcome::text AS outcome, http_status AS "httpStatus", error_code AS "errorCode", finish_reason AS "finishReason", provider,
  upstream_model AS "upstreamModel", credential_id AS "credentialId", upstream_request_id AS "upstreamRequestId",
  usage_source::text AS "usageSource", input_tokens AS "inputTokens", cached_input_tokens AS "cachedInputTokens",
  cache_write_tokens AS "cacheWriteTokens", output_tokens AS "outputTokens", reasoning_tokens AS "reasoningTokens",
  cost::text AS cost, currency, price_source::text AS "priceSource", latency_ms AS "latencyMs", first_token_ms AS "firstTokenMs", attempts`;

const INTENT = `${SHARED}, 'open' AS outcome, NULL::integer AS "httpStatus", NULL::text AS "errorCode", NULL::text AS "finishReason",
  NULL::text AS provider, NULL::text AS "upstreamModel", NULL::uuid AS "credentialId", NULL::text AS "upstreamRequestId",
  NULL::text AS "usageSource", NULL::integer AS "inputTokens", NULL::integer AS "cachedInputTokens", NULL::integer AS "cacheWriteTokens",
  NULL::integer AS "outputTokens", NULL::integer AS "reasoningTokens", NULL::text AS cost, 'USD' AS currency, NULL::text AS "priceSource",
  NULL::integer AS "latencyMs", NULL::integer AS "firstTokenMs", '[]'::json AS attempts`;

/**
 * The organisations that have records, one index probe each: the ledger's one index begins with the organisation, so without one named
 * every organisation is asked in turn and the cost follows the number of tenants, not of calls.
 */
export const TENANTS = `WITH RECURSIVE tenant (id) AS (
  (SELECT organisation_id FROM call_record ORDER BY organisation_id LIMIT 1)
  UNION ALL
  SELECT (SELECT r.organisation_id FROM call_record r WHERE r.organisation_id > tenant.id ORDER BY r.organisation_id LIMIT 1)
  FROM tenant WHERE tenant.id IS NOT NULL)`;

/** How many calls there are, and from when to when. */
export interface CallSpan {
  readonly calls: number;
  readonly firstCallAt: Date | null;
  readonly lastCallAt: Date | null;
}

export interface CallPage {
  readonly before?: CallId | undefined;
  readonly limit: number;
}

/** Reads the ledger and the calls in flight. One statement reads both, so a call that ends meanwhile is seen once, in one place (U3). */
@Injectable()
export class CallsRepository {
  /** Newest first. */
  async list(tx: Tx, scope: CallScope, filter: CallFilter, { before, limit }: CallPage): Promise<CallRow[]> {
    const parameters = new Parameters();
    const bound = parameters.add(limit);
    const older = before === undefined ? '' : ` AND id < ${parameters.add(before)}`;
    const arms = TABLES.flatMap((table) => {
      const where = callConditions(table, scope, filter, parameters);
      return where === null ? [] : [arm(table, scope, `${where}${older} ORDER BY ${table}.id DESC LIMIT ${bound}`)];
    });
    if (arms.length === 0) return [];
    const sql = `${prologue(scope)} SELECT * FROM (${arms.join(' UNION ALL ')}) calls ORDER BY id DESC LIMIT ${bound}`;
    return tx.query<CallRow[]>(sql, parameters.values);
  }

  /** Of calls that ended. */
  async span(tx: Tx, scope: CallScope, filter: CallFilter): Promise<CallSpan> {
    const parameters = new Parameters();
    const where = callConditions('call_record', scope, filter, parameters) ?? 'false';
    const [row] = await tx.query<CallSpan[]>(
      `SELECT count(*)::float8 AS calls, min(started_at) AS "firstCallAt", max(started_at) AS "lastCallAt" FROM call_record WHERE ${where}`,
      parameters.values,
    );
    return present(row, 'one row of figures');
  }

  async find(tx: Tx, scope: CallScope, id: CallId): Promise<CallRow | null> {
    const parameters = new Parameters();
    const wanted = `id = ${parameters.add(id)}`;
    const arms = TABLES.map((table) => arm(table, scope, `${callConditions(table, scope, {}, parameters)} AND ${wanted}`));
    const [row] = await tx.query<CallRow[]>(`${prologue(scope)} ${arms.join(' UNION ALL ')}`, parameters.values);
    return row ?? null;
  }
}

const TABLES = ['call_record', 'call_intent'] as const;

function prologue({ organisationId }: CallScope): string {
  return organisationId === undefined ? TENANTS : '';
}

/** The rows of one table for which `rest`, a condition and what follows it, holds. Calls in flight are few: they need no index. */
function arm(table: (typeof TABLES)[number], { organisationId }: CallScope, rest: string): string {
  if (table === 'call_intent') return `(SELECT ${INTENT} FROM call_intent WHERE ${rest})`;
  if (organisationId !== undefined) return `(SELECT ${RECORD} FROM call_record WHERE ${rest})`;
  return `(SELECT own.* FROM tenant CROSS JOIN LATERAL
    (SELECT ${RECORD} FROM call_record WHERE call_record.organisation_id = tenant.id AND ${rest}) own)`;
}
