import { declareTable } from '../../contracts/data-inventory.js';
import { declareStore } from '../../contracts/store-inventory.js';

declareTable({
  table: 'gateway_instance',
  description: 'Gateway processes that are alive.',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'transient', from: 'seen_at', within: 'PT25H' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'technical', started_at: 'technical', seen_at: 'technical' },
});

declareTable({
  table: 'budget_period',
  description: 'What a budget has spent and holds in one period. A total has no end of its own: it goes with its budget.',
  dataClass: 'usage_aggregate',
  subject: 'organisation',
  retention: { kind: 'window', from: 'ends_on' },
  export: { section: 'budgetPeriods' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    budget_id: 'identifier',
    period_start: 'technical',
    ends_on: 'technical',
    organisation_id: 'identifier',
    spent: 'tenant_data',
    held: 'tenant_data',
    alerted_percent: 'technical',
    version: 'technical',
    notified_percent: 'technical',
  },
});

/** A call is its organisation's, and made for one of its end users if it says so. */
const CALL_LOCATED = [
  { column: 'organisation_id' },
  { subject: 'end_user', column: 'end_user_id', by: 'name_hash', erasure: 'unlink' },
] as const;

const CALL_COLUMNS = {
  id: 'identifier',
  expires_on: 'technical',
  organisation_id: 'identifier',
  project_id: 'identifier',
  key_id: 'identifier',
  started_at: 'personal',
  operation: 'technical',
  requested_model: 'tenant_data',
  stream: 'technical',
  client_request_id: 'personal',
  hold: 'technical',
  budgets: 'identifier',
  end_user_id: 'personal',
} as const;

declareTable({
  table: 'call_intent',
  description: 'Calls in flight, with their budget holds.',
  dataClass: 'request_metadata',
  subject: 'organisation',
  located: CALL_LOCATED,
  retention: { kind: 'transient', from: 'started_at', within: 'P1D' },
  export: { section: 'callsInFlight' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: { ...CALL_COLUMNS, instance_id: 'technical' },
});

declareTable({
  table: 'call_record',
  description: 'The ledger: one row a call, metadata only.',
  dataClass: 'request_metadata',
  subject: 'organisation',
  located: CALL_LOCATED,
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'calls' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    ...CALL_COLUMNS,
    outcome: 'tenant_data',
    http_status: 'technical',
    error_code: 'technical',
    finish_reason: 'technical',
    provider: 'tenant_data',
    upstream_model: 'tenant_data',
    credential_id: 'identifier',
    upstream_request_id: 'identifier',
    usage_source: 'technical',
    input_tokens: 'tenant_data',
    cached_input_tokens: 'tenant_data',
    cache_write_tokens: 'tenant_data',
    output_tokens: 'tenant_data',
    reasoning_tokens: 'tenant_data',
    cost: 'tenant_data',
    currency: 'technical',
    price_source: 'technical',
    latency_ms: 'technical',
    first_token_ms: 'technical',
    attempts: 'technical',
  },
});

declareTable({
  table: 'key_habit',
  description: 'What a key did in each hour of the last week, to tell what is unusual.',
  dataClass: 'usage_aggregate',
  subject: 'organisation',
  retention: { kind: 'transient', from: 'hour', within: 'P8D' },
  export: { section: 'keyHabits' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    organisation_id: 'identifier',
    key_id: 'identifier',
    hour: 'technical',
    calls: 'tenant_data',
    cost: 'tenant_data',
    calls_told: 'technical',
    cost_told: 'technical',
  },
});

declareTable({
  table: 'key_habit_progress',
  description: 'Up to when calls are summed by key.',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'installation', reason: 'one figure a row' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { figure: 'technical', summed_until: 'technical' },
});

declareTable({
  table: 'usage_rollup',
  description: 'Calls, tokens, cost and durations by hour and day, summed by key and by model, as the calls named it.',
  dataClass: 'usage_aggregate',
  subject: 'organisation',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'usage' },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    organisation_id: 'identifier',
    expires_on: 'technical',
    grain: 'technical',
    bucket_start: 'technical',
    cell: 'technical',
    project_id: 'identifier',
    key_id: 'identifier',
    provider: 'tenant_data',
    model: 'tenant_data',
    operation: 'technical',
    outcome: 'tenant_data',
    error_code: 'technical',
    calls: 'tenant_data',
    input_tokens: 'tenant_data',
    cached_input_tokens: 'tenant_data',
    cache_write_tokens: 'tenant_data',
    output_tokens: 'tenant_data',
    reasoning_tokens: 'tenant_data',
    cost: 'tenant_data',
    unknown_cost_calls: 'tenant_data',
    unknown_usage_calls: 'tenant_data',
    latency: 'technical',
    first_token: 'technical',
    source_expires_on: 'technical',
  },
});

declareTable({
  table: 'usage_rollup_progress',
  description: 'Up to when calls are summed by hour and day.',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'installation', reason: 'one row' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'technical', hours_until: 'technical', days_until: 'technical' },
});

declareTable({
  table: 'usage_late_hour',
  description: 'Hours that got records after they had ended, until they are summed again, and those that are half summed.',
  dataClass: 'operational',
  subject: 'organisation',
  located: { column: 'organisation_id' },
  retention: { kind: 'transient', from: 'noted_at', within: 'P1D' },
  export: 'not_personal',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: { organisation_id: 'identifier', hour: 'technical', noted_at: 'technical', made_until: 'technical' },
});

declareTable({
  table: 'usage_statistic',
  description: 'Calls, tokens and durations by day, provider and model over groups of organisations too large to tell one.',
  dataClass: 'usage_aggregate',
  subject: 'none',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    day: 'technical',
    expires_on: 'technical',
    cell: 'technical',
    provider: 'technical',
    model: 'technical',
    calls: 'technical',
    failed_calls: 'technical',
    input_tokens: 'technical',
    output_tokens: 'technical',
    latency: 'technical',
    first_token: 'technical',
  },
});

/** What keys of shared rate limits begin with. */
export const RATE_COUNTERS = 'lethe:rate:';

declareStore({
  store: 'redis.rate-counters',
  description: 'How much of a rate limit the present minute and the one before have taken, when replicas share Redis',
  place: { kind: 'redis', prefix: RATE_COUNTERS },
  dataClasses: ['operational'],
  subject: 'organisation',
  located: 'the id of the organisation, project or key is in the name',
  retention: { kind: 'transient', within: 'PT2M' },
  export: 'not_personal',
  erasure: 'expires',
  holds: { name: 'identifier', count: 'technical' },
});

declareStore({
  store: 'files.journal',
  description: 'Records of calls that wait for PostgreSQL to come back, and those it refused',
  place: { kind: 'files', path: 'journal' },
  dataClasses: ['request_metadata'],
  subject: 'organisation',
  located: 'by the id of the organisation in each record',
  retention: { kind: 'window' },
  export: 'elsewhere',
  erasure: 'expires',
  holds: { record: 'tenant_data', started_at: 'personal', client_request_id: 'personal', end_user_id: 'personal' },
});
