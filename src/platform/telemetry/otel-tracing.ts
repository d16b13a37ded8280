import {
  type Attributes,
  type AttributeValue,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { isUuid, isWord } from './safe-values.js';
import type { SpanAttribute } from './telemetry.inventory.js';
import {
  type AttemptSpan,
  type AttemptSpanEnd,
  type AttemptSpanStart,
  type CallSpan,
  type CallSpanEnd,
  type CallSpanStart,
  Tracing,
} from './tracing.js';

export interface OtelTracingOptions {
  /** Where spans go: an OTLP/HTTP address such as `http://collector:4318/v1/traces`, or an exporter of one's own. */
  readonly endpoint: string | SpanExporter;
  /** Headers for the collector, such as its authorisation. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly instanceId: string;
  /** Share of traces kept, 0 to 1. All unless told. */
  readonly sampleRatio?: number;
  /** Whether a client's `traceparent` is continued. Otherwise every call starts a trace of its own. */
  readonly trustTraceparent: boolean;
}

/** Spans held at most; more are dropped, so a collector that is away costs a bounded amount of memory. */
const MAX_QUEUE = 4_096;
const MAX_BATCH = 512;
const EXPORT_EVERY_MS = 1_000;
const EXPORT_TIMEOUT_MS = 5_000;

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Sends traces by OTLP/HTTP. A call is a SERVER span and each attempt a CLIENT span under it, with the attributes of the
 * OpenTelemetry GenAI conventions (status "development"). Prompts, answers, tool calls and all opt-in content attributes
 * are left out; a name that is no short word is left out too.
 */
export class OtelTracing extends Tracing {
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor(private readonly options: OtelTracingOptions) {
    super();
    const exporter =
      typeof options.endpoint === 'string'
        ? new OTLPTraceExporter({ url: options.endpoint, headers: { ...options.headers }, timeoutMillis: EXPORT_TIMEOUT_MS })
        : options.endpoint;
    this.provider = new BasicTracerProvider({
      resource: resourceFromAttributes({
        'service.name': options.serviceName,
        'service.version': options.serviceVersion,
        'service.instance.id': options.instanceId,
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio ?? 1) }),
      spanProcessors: [
        new BatchSpanProcessor(exporter, {
          maxQueueSize: MAX_QUEUE,
          maxExportBatchSize: MAX_BATCH,
          scheduledDelayMillis: EXPORT_EVERY_MS,
          exportTimeoutMillis: EXPORT_TIMEOUT_MS,
        }),
      ],
    });
    this.tracer = this.provider.getTracer(options.serviceName, options.serviceVersion);
  }

  override startCallSpan(call: CallSpanStart): CallSpan {
    const parent = this.options.trustTraceparent ? contextFrom(call.traceparent) : ROOT_CONTEXT;
    const attributes = known({
      'gen_ai.operation.name': word(call.operation),
      'gen_ai.request.model': word(call.model),
      'gen_ai.request.stream': call.stream,
      'lethe.call.id': isUuid(call.callId) ? call.callId : undefined,
    });
    const name = spanName(call.operation, call.model);
    return new OtelCallSpan(this.tracer, this.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent), call.operation);
  }

  override async shutdown(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    // A collector that is away must not keep the process from ending.
    await Promise.race([this.provider.shutdown().catch(() => undefined), deadline]);
    clearTimeout(timer);
  }
}

class OtelCallSpan implements CallSpan {
  private readonly context: Context;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    private readonly operation: string,
  ) {
    this.context = trace.setSpan(ROOT_CONTEXT, span);
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  startAttempt(attempt: AttemptSpanStart): AttemptSpan {
    const attributes = known({
      'gen_ai.operation.name': word(this.operation),
      'gen_ai.provider.name': word(attempt.provider),
      'gen_ai.request.model': word(attempt.model),
      'server.address': word(attempt.serverAddress),
      'server.port': attempt.serverPort,
      // The conventions count repetitions of a request, so the first attempt has none.
      'http.request.resend_count': attempt.number > 1 ? attempt.number - 1 : undefined,
    });
    const span = this.tracer.startSpan(spanName(this.operation, attempt.model), { kind: SpanKind.CLIENT, attributes }, this.context);
    return { end: (result) => endAttempt(span, result) };
  }

  end(result: CallSpanEnd): void {
    this.span.setAttributes(
      known({
        'http.response.status_code': result.status,
        'gen_ai.provider.name': word(result.provider),
        'gen_ai.response.model': word(result.responseModel),
        'gen_ai.usage.input_tokens': result.inputTokens,
        'gen_ai.usage.output_tokens': result.outputTokens,
        'gen_ai.usage.cache_read.input_tokens': result.cachedInputTokens,
        'gen_ai.usage.reasoning.output_tokens': result.reasoningTokens,
        'gen_ai.response.time_to_first_chunk': result.timeToFirstTokenSeconds,
        'gen_ai.response.finish_reasons': result.finishReasons?.filter(isWord).slice(0, 16),
      }),
    );
    finish(this.span, result.errorType);
  }
}

function endAttempt(span: Span, result: AttemptSpanEnd): void {
  if (result.status !== undefined) span.setAttribute('http.response.status_code', result.status);
  finish(span, result.errorType);
}

/** Ends the span. The status carries no description: descriptions are where messages, and so content, get into traces. */
function finish(span: Span, errorType: string | undefined): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', word(errorType) ?? '_OTHER');
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function spanName(operation: string, model: string): string {
  return [word(operation), word(model)].filter((part) => part !== undefined).join(' ') || 'call';
}

function word(value: string | undefined): string | undefined {
  return isWord(value) ? value : undefined;
}

/** Only what the inventory declares compiles. */
function known(attributes: { readonly [Name in SpanAttribute]?: AttributeValue | undefined }): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** The remote parent named by a `traceparent` header (W3C Trace Context §3.2); the root when it is absent or malformed. */
function contextFrom(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (!match || traceparent?.startsWith('ff')) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
