import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Log, type LogOptions } from './logger.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics, type MetricsOptions } from './metrics.js';
import { MetricsAccess } from './metrics-access.js';
import type { OtelTracingOptions } from './otel-tracing.js';
import { NoTracing, Tracing } from './tracing.js';

/** How long a shutdown waits for the last spans to leave. */
const FLUSH_TIMEOUT_MS = 3_000;

export interface TelemetryOptions {
  /** A log already open (start-up needs one before Nest does), or how to open one. */
  readonly log: Log | LogOptions;
  readonly metrics: MetricsOptions;
  /** Absent: nothing is traced. */
  readonly tracing?: OtelTracingOptions | undefined;
  /** Whether this process answers `GET /metrics`. */
  readonly exposeMetrics: boolean;
  /** The bearer token `GET /metrics` asks for; absent: it answers this machine alone. */
  readonly metricsToken?: string | undefined;
}

/** Provides {@link Log}, {@link Metrics} and {@link Tracing} to every module, and flushes traces on shutdown. */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  constructor(@Inject(Tracing) private readonly tracing: Tracing) {}

  static forRoot(options: TelemetryOptions): DynamicModule {
    return {
      module: TelemetryModule,
      global: true,
      controllers: options.exposeMetrics ? [MetricsController] : [],
      providers: [
        { provide: Log, useFactory: () => (options.log instanceof Log ? options.log : Log.open(options.log)) },
        { provide: Metrics, useFactory: () => new Metrics(options.metrics) },
        { provide: MetricsAccess, useFactory: () => new MetricsAccess(options.metricsToken) },
        { provide: Tracing, useFactory: () => openTracing(options.tracing) },
      ],
      exports: [Log, Metrics, Tracing],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracing.shutdown(FLUSH_TIMEOUT_MS);
  }
}

/** The libraries of OpenTelemetry are loaded where something is traced: they are megabytes that every other process would carry. */
async function openTracing(options: OtelTracingOptions | undefined): Promise<Tracing> {
  if (options === undefined) return new NoTracing();
  const { OtelTracing } = await import('./otel-tracing.js');
  return new OtelTracing(options);
}
