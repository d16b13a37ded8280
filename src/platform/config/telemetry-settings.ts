import { IsBoolean, IsInt, IsOptional, Max, Min, MinLength } from 'class-validator';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

/** Traces and metrics. */
export class TelemetrySettings {
  @Setting({
    section: 'Telemetry',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    description: 'OTLP/HTTP endpoint for traces. No traces without it.',
  })
  @IsOptional()
  @IsWebUrl()
  otlpEndpoint?: string;

  @Setting({ section: 'Telemetry', env: 'LETHE_TRACE_SAMPLE_PERCENT', kind: 'integer', description: 'Share of calls that are traced.' })
  @IsInt()
  @Min(0)
  @Max(100)
  traceSamplePercent = 100;

  @Setting({
    section: 'Telemetry',
    env: 'LETHE_TRUST_TRACEPARENT',
    kind: 'boolean',
    description: "Whether a client's `traceparent` header is continued. Never sent upstream either way.",
  })
  @IsBoolean()
  trustTraceparent = false;

  @Setting({
    section: 'Telemetry',
    env: 'LETHE_METRICS_TOKEN',
    secret: true,
    description: 'Bearer token that `/metrics` asks for. Without it `/metrics` answers only to loopback addresses.',
  })
  @IsOptional()
  @MinLength(16)
  metricsToken?: string;
}
