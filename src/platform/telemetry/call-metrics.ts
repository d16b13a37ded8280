import type { Registry } from 'prom-client';
import { BoundedLabel, OTHER } from './bounded-label.js';
import { CounterSeries, type HistogramSeries, histogramFamily, register, SeriesFamily } from './series.js';

/** How one finished call is counted. Names come from configuration, never from a request's text. */
export interface FinishedCall {
  /** `gen_ai.operation.name`: `chat`, `embeddings`, `generate_content`, … */
  readonly operation: string;
  /** `gen_ai.provider.name` as the conventions spell it: `openai`, `aws.bedrock`, … */
  readonly provider: string;
  /** The configured name of the model; one that {@link CallMetrics.allowModels} does not know becomes `other`. */
  readonly model: string;
  readonly outcome: string;
  /** `error.type`: a short class such as `timeout` or `upstream_5xx`; absent when the call succeeded. */
  readonly errorType?: string | undefined;
  readonly durationSeconds: number;
  readonly timeToFirstTokenSeconds?: number | undefined;
  /** Absent means unknown: nothing is recorded, not zero. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** Bucket bounds as the OpenTelemetry GenAI metric conventions recommend them. */
const DURATION_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_TOKEN_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const PER_TOKEN_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

interface CallSeries {
  readonly calls: CounterSeries;
  readonly duration: HistogramSeries;
  readonly firstToken: HistogramSeries;
  readonly perToken: HistogramSeries;
  readonly inputTokens: HistogramSeries;
  readonly outputTokens: HistogramSeries;
}

/**
 * Metrics of finished calls. Names, units, labels and buckets follow the OpenTelemetry GenAI metric conventions (status
 * "development"), spelled for Prometheus: dots become underscores and the unit is appended, so
 * `gen_ai.server.request.duration` (s) is `gen_ai_server_request_duration_seconds` and the label `gen_ai.request.model` is
 * `gen_ai_request_model`. `server.*` is what Lethe's client saw; token usage is reported as the conventions' client does,
 * in billable tokens. No label ever names a key, an organisation or a user, and none carries content (C1).
 */
export class CallMetrics {
  private readonly calls = new SeriesFamily('lethe_calls_total', 'Calls finished.', 'counter', (labels) => new CounterSeries(labels));
  private readonly duration = histogramFamily(
    'gen_ai_server_request_duration_seconds',
    'Time to the last byte of a call.',
    DURATION_SECONDS,
  );
  private readonly firstToken = histogramFamily(
    'gen_ai_server_time_to_first_token_seconds',
    'Time to the first token of a call that succeeded.',
    FIRST_TOKEN_SECONDS,
  );
  private readonly perToken = histogramFamily(
    'gen_ai_server_time_per_output_token_seconds',
    'Time per token after the first, of a call that succeeded.',
    PER_TOKEN_SECONDS,
  );
  private readonly tokens = histogramFamily('gen_ai_client_token_usage', 'Billable tokens of a call.', TOKENS);

  private readonly operation = new BoundedLabel(16, false);
  private readonly provider = new BoundedLabel(64, false);
  private readonly model: BoundedLabel;
  private readonly outcome = new BoundedLabel(16, false);
  private readonly errorType = new BoundedLabel(48, false);
  private readonly series = new Map<string, CallSeries>();

  /** `maxSeries` bounds the sets of labels; past it a call is counted under `other` everywhere except its outcome. */
  constructor(
    registry: Registry,
    private readonly maxSeries: number,
  ) {
    this.model = new BoundedLabel(maxSeries, true);
    for (const family of [this.calls, this.duration, this.firstToken, this.perToken, this.tokens]) register(registry, family);
  }

  /** The model names that may become labels: those configuration names. */
  allowModels(names: Iterable<string>): void {
    this.model.allow(names);
  }

  finished(call: FinishedCall): void {
    const series = this.seriesOf(call);
    series.calls.value += 1;
    series.duration.record(call.durationSeconds);
    if (call.inputTokens !== undefined) series.inputTokens.record(call.inputTokens);
    if (call.outputTokens !== undefined) series.outputTokens.record(call.outputTokens);
    if (call.timeToFirstTokenSeconds === undefined || call.errorType !== undefined) return;
    series.firstToken.record(call.timeToFirstTokenSeconds);
    if (call.outputTokens !== undefined && call.outputTokens > 1) {
      series.perToken.record((call.durationSeconds - call.timeToFirstTokenSeconds) / (call.outputTokens - 1));
    }
  }

  private seriesOf(call: FinishedCall): CallSeries {
    const operation = this.operation.of(call.operation);
    const provider = this.provider.of(call.provider);
    const model = this.model.of(call.model);
    const outcome = this.outcome.of(call.outcome);
    const errorType = this.errorType.of(call.errorType);
    const key = `${operation} ${provider} ${model} ${outcome} ${errorType}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;
    if (this.series.size < this.maxSeries) return this.open(key, { operation, provider, model, outcome, errorType });
    const overflow = `${OTHER} ${outcome}`;
    const labels = { operation: OTHER, provider: OTHER, model: OTHER, outcome, errorType: errorType === '' ? '' : OTHER };
    return this.series.get(overflow + labels.errorType) ?? this.open(overflow + labels.errorType, labels);
  }

  private open(key: string, names: { operation: string; provider: string; model: string; outcome: string; errorType: string }): CallSeries {
    const labels = { gen_ai_operation_name: names.operation, gen_ai_provider_name: names.provider, gen_ai_request_model: names.model };
    const ended = names.errorType === '' ? labels : { ...labels, error_type: names.errorType };
    const series = {
      calls: this.calls.of({ ...labels, outcome: names.outcome }),
      duration: this.duration.of(ended),
      firstToken: this.firstToken.of(labels),
      perToken: this.perToken.of(labels),
      inputTokens: this.tokens.of({ ...labels, gen_ai_token_type: 'input' }),
      outputTokens: this.tokens.of({ ...labels, gen_ai_token_type: 'output' }),
    };
    this.series.set(key, series);
    return series;
  }
}
