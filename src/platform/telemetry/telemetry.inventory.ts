import { LOG_FIELD_KINDS } from './log-fields.js';

/**
 * Every label a metric may have, prom-client's own among them, and what its values tell. The list is closed: a label that is not in it does not
 * compile, and none of these can name a person or hold what somebody wrote (C1).
 */
export const METRIC_LABELS = {
  gen_ai_operation_name: 'technical',
  gen_ai_provider_name: 'tenant_data',
  /** A name that configuration has, or `other`. */
  gen_ai_request_model: 'tenant_data',
  gen_ai_token_type: 'technical',
  outcome: 'technical',
  error_type: 'technical',
  reason: 'technical',
  job: 'technical',
  mode: 'technical',
  destination: 'technical',
  data_class: 'technical',
  action: 'technical',
  // What the text format and prom-client's figures of the process bring along.
  le: 'technical',
  kind: 'technical',
  space: 'technical',
  type: 'technical',
  version: 'technical',
  major: 'technical',
  minor: 'technical',
  patch: 'technical',
} as const;

export type MetricLabel = keyof typeof METRIC_LABELS;

/** Every attribute a span may have, of the OpenTelemetry conventions unless it begins with `lethe.`; the list is closed as well. */
export const SPAN_ATTRIBUTES = {
  'service.name': 'technical',
  'service.version': 'technical',
  'service.instance.id': 'technical',
  'gen_ai.operation.name': 'technical',
  'gen_ai.provider.name': 'tenant_data',
  'gen_ai.request.model': 'tenant_data',
  'gen_ai.request.stream': 'technical',
  'gen_ai.response.model': 'tenant_data',
  'gen_ai.response.finish_reasons': 'technical',
  'gen_ai.response.time_to_first_chunk': 'technical',
  'gen_ai.usage.input_tokens': 'technical',
  'gen_ai.usage.cache_read.input_tokens': 'technical',
  'gen_ai.usage.output_tokens': 'technical',
  'gen_ai.usage.reasoning.output_tokens': 'technical',
  'http.request.resend_count': 'technical',
  'http.response.status_code': 'technical',
  'server.address': 'tenant_data',
  'server.port': 'technical',
  'error.type': 'technical',
  /** Leads to the record of the call, for as long as there is one. */
  'lethe.call.id': 'identifier',
} as const;

export type SpanAttribute = keyof typeof SPAN_ATTRIBUTES;

/** The one field that is about a person: which member of staff did something. */
const ABOUT_STAFF = 'operatorId';

/** What a log line consists of: the closed list of fields, and what pino puts around them. */
const LOG_LINE = Object.fromEntries([
  ...['level', 'time', 'msg'].map((name) => [name, 'technical'] as const),
  ...[...LOG_FIELD_KINDS].map(
    ([name, kind]) => [name, name === ABOUT_STAFF ? 'personal' : kind === 'id' ? 'identifier' : 'technical'] as const,
  ),
]);

/** What a process tells of itself. For `declareStore`, called by `app/`: the platform may not reach up to the contracts. */
export const telemetryStores = [
  {
    store: 'log',
    description: 'JSON lines: constant sentences and the fields of a closed list',
    place: { kind: 'telemetry', to: 'standard output' },
    dataClasses: ['security_log', 'operational'],
    subject: 'operator_staff',
    located: 'lines whose `operatorId` is theirs',
    retention: { kind: 'operator', advice: 'no longer than the security log of the profile' },
    export: 'elsewhere',
    erasure: 'expires',
    holds: LOG_LINE,
  },
  {
    store: 'metrics',
    description: 'Figures for Prometheus, under labels of a closed list',
    place: { kind: 'telemetry', to: 'whoever reads `/metrics`' },
    dataClasses: ['operational'],
    subject: 'none',
    retention: { kind: 'operator', advice: 'as long as monitoring needs them: they are about nobody' },
    export: 'not_personal',
    erasure: 'not_personal',
    holds: METRIC_LABELS,
  },
  {
    store: 'traces',
    description: 'Spans of calls and attempts, when a collector is set: names, counts and times, with attributes of a closed list',
    place: { kind: 'telemetry', to: 'the collector in `OTEL_EXPORTER_OTLP_ENDPOINT`' },
    settings: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    dataClasses: ['request_metadata'],
    subject: 'organisation',
    located: 'through `lethe.call.id`, the id of the record of the call',
    retention: { kind: 'operator', advice: 'no longer than the request metadata of the profile' },
    export: 'elsewhere',
    erasure: 'expires',
    holds: SPAN_ATTRIBUTES,
  },
] as const;
