import { utcDayAfter } from '../../../kernel/clock.js';
import type { InstanceId } from '../../../kernel/ids.js';
import type { BudgetHold, CallIntent, CallSettlement } from '../usage.contract.js';

/** A row of `call_intent`, by column name, as `commit_calls` takes it. */
export interface IntentRow {
  readonly id: string;
  readonly expires_on: string;
  readonly organisation_id: string;
  readonly project_id: string;
  readonly key_id: string;
  readonly instance_id: string;
  readonly started_at: string;
  readonly operation: string;
  readonly requested_model: string;
  readonly stream: boolean;
  readonly client_request_id: string | null;
  readonly hold: string;
  readonly budgets: readonly BudgetHold[];
  readonly end_user_id: string | null;
}

/** A row of `call_record`, by column name. */
export interface RecordRow extends Omit<IntentRow, 'instance_id'> {
  readonly outcome: CallSettlement['outcome'] | 'interrupted';
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly finish_reason: string | null;
  readonly provider: string | null;
  readonly upstream_model: string | null;
  readonly credential_id: string | null;
  readonly upstream_request_id: string | null;
  readonly usage_source: CallSettlement['usageSource'];
  readonly input_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly output_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly cost: string | null;
  readonly currency: string;
  readonly price_source: string | null;
  readonly latency_ms: number | null;
  readonly first_token_ms: number | null;
  readonly attempts: CallSettlement['attempts'];
}

/** What is left of a budget in one period; a negative amount when it is overspent. Versions count its changes. */
export interface BudgetState {
  readonly id: string;
  readonly start: string;
  readonly remaining: string;
  readonly version: number;
}

/** What a record keeps from its intent. */
export interface IntentContext {
  readonly instanceId: InstanceId;
  readonly windowDays: number;
}

export function intentRow(intent: CallIntent, budgets: readonly BudgetHold[], context: IntentContext): IntentRow {
  return {
    id: intent.id,
    expires_on: utcDayAfter(intent.startedAtMs, context.windowDays),
    organisation_id: intent.organisationId,
    project_id: intent.projectId,
    key_id: intent.keyId,
    instance_id: context.instanceId,
    started_at: new Date(intent.startedAtMs).toISOString(),
    operation: intent.operation,
    requested_model: intent.requestedModel,
    stream: intent.stream,
    client_request_id: intent.clientRequestId,
    hold: (intent.hold ?? '0').toString(),
    budgets,
    end_user_id: intent.endUserId,
  };
}

export function recordRow(intent: IntentRow, settlement: CallSettlement): RecordRow {
  const usage = settlement.usage;
  return {
    id: intent.id,
    expires_on: intent.expires_on,
    organisation_id: intent.organisation_id,
    project_id: intent.project_id,
    key_id: intent.key_id,
    started_at: intent.started_at,
    operation: intent.operation,
    requested_model: intent.requested_model,
    stream: intent.stream,
    client_request_id: intent.client_request_id,
    hold: intent.hold,
    budgets: intent.budgets,
    end_user_id: intent.end_user_id,
    outcome: settlement.outcome,
    http_status: settlement.httpStatus,
    error_code: settlement.errorCode,
    finish_reason: settlement.finishReason,
    provider: settlement.provider,
    upstream_model: settlement.upstreamModel,
    credential_id: settlement.credentialId,
    upstream_request_id: settlement.upstreamRequestId,
    usage_source: settlement.usageSource,
    input_tokens: usage?.inputTokens ?? null,
    cached_input_tokens: usage?.cachedInputTokens ?? null,
    cache_write_tokens: usage?.cacheWriteTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    reasoning_tokens: usage?.reasoningTokens ?? null,
    cost: settlement.cost?.toString() ?? null,
    currency: 'USD',
    price_source: settlement.cost === null ? null : settlement.priceSource,
    latency_ms: settlement.latencyMs,
    first_token_ms: settlement.firstTokenMs,
    attempts: settlement.attempts,
  };
}

/** The record of a call whose gateway is gone: that it was made is certain, what it used is not. */
export function interruptedRow(intent: IntentRow): RecordRow {
  const { instance_id: _, ...kept } = intent;
  return { ...kept, ...NOTHING_KNOWN, outcome: 'interrupted', http_status: null, error_code: 'gateway/interrupted' };
}

/** What is left of a record that Postgres does not take, such as one whose provider reports more tokens than a number holds. */
export function unreadableRow(record: RecordRow): RecordRow {
  return { ...record, ...NOTHING_KNOWN, error_code: REFUSED };
}

export function isUnreadable(record: RecordRow): boolean {
  return record.error_code === REFUSED;
}

const REFUSED = 'usage/record_refused';

const NOTHING_KNOWN = {
  finish_reason: null,
  provider: null,
  upstream_model: null,
  credential_id: null,
  upstream_request_id: null,
  usage_source: 'unknown',
  input_tokens: null,
  cached_input_tokens: null,
  cache_write_tokens: null,
  output_tokens: null,
  reasoning_tokens: null,
  cost: null,
  currency: 'USD',
  price_source: null,
  latency_ms: null,
  first_token_ms: null,
  attempts: [],
} as const;
