import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/clock.js';
import { AppError, kernelErrors } from '../../kernel/errors.js';
import type { Log } from '../../platform/telemetry/logger.js';
import type { Metrics } from '../../platform/telemetry/metrics.js';
import type { Tracing } from '../../platform/telemetry/tracing.js';
import type { KeyAuthenticator } from '../auth/auth.contract.js';
import type { RoutePlanner } from '../routing/routing.contract.js';
import type { RateLimits } from '../usage/usage.contract.js';
import { CallsInFlight } from './calls-in-flight.js';
import type { Dialect } from './dialects/dialect.js';
import { Exchange } from './exchange.js';
import { gatewayErrors } from './gateway.errors.js';
import { admit } from './stages/admit.js';
import { type AttemptParts, type AttemptsEnd, attempt } from './stages/attempt.js';
import { authenticate } from './stages/authenticate.js';
import { decideKeeping, keep, type KeepParts } from './stages/keep.js';
import { plan } from './stages/plan.js';
import { type ReceiveLimits, receive } from './stages/receive.js';
import { type RecordParts, record } from './stages/record.js';
import { finish, sendError } from './stages/relay.js';
import { settle } from './stages/settle.js';
import { Cancelled } from './upstream/attempt-failure.js';

export interface PipelineParts {
  readonly keys: KeyAuthenticator;
  readonly limits: RateLimits;
  readonly routes: RoutePlanner;
  readonly recording: RecordParts;
  readonly attempting: AttemptParts;
  readonly keeping: KeepParts;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

export interface PipelineOptions {
  readonly receive: ReceiveLimits;
  readonly maxInflightCalls: number;
  readonly totalMs: number;
  readonly onClientDisconnect: 'abort' | 'drain';
  /** How long a client waits for its last byte when the ledger cannot take the settlement. It is settled later all the same. */
  readonly settleWaitMs: number;
  clientAddress(request: IncomingMessage): string;
}

/**
 * One call from its first byte to its last:
 * authenticate → receive → plan → admit → record → attempt → relay → settle → keep. Each stage is one file and runs once.
 */
export class GatewayPipeline {
  private readonly inflight = new CallsInFlight();
  private stopping = false;

  constructor(
    private readonly parts: PipelineParts,
    private readonly options: PipelineOptions,
  ) {}

  /** Carries one call. Never rejects: whatever happens, the client is told and the ledger knows. */
  async run(request: IncomingMessage, response: ServerResponse, dialect: Dialect): Promise<void> {
    const { clock, metrics } = this.parts;
    const exchange = new Exchange(dialect, { request, response }, clock);
    response.on('close', () => this.clientLeft(exchange));
    response.on('error', () => undefined);
    if (this.stopping || this.inflight.size >= this.options.maxInflightCalls) {
      return this.refuse(exchange, this.stopping ? gatewayErrors.shutting_down(SOON) : gatewayErrors.overloaded(SOON));
    }
    this.inflight.add(exchange);
    try {
      await this.prepare(exchange);
    } catch (error) {
      this.inflight.remove(exchange);
      // Nothing was used: what the limits were asked for goes back (peers 7).
      exchange.ticket?.adjust(0);
      return this.refuse(exchange, error);
    }
    metrics.callStarted();
    const total = setTimeout(() => exchange.cancel(new Cancelled('timeout')), this.options.totalMs);
    try {
      await this.carry(exchange);
    } catch (error) {
      this.parts.log.error('a call broke at its end', { callId: exchange.id, err: error });
      response.destroy();
    } finally {
      clearTimeout(total);
      this.inflight.remove(exchange);
      this.observe(exchange);
    }
  }

  /** Takes no more calls, waits for those in flight, and after `graceMs` cuts and settles the rest. What was to be kept of them is written then. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const deadline = this.parts.clock.monotonicMs() + graceMs;
    while (this.inflight.size > 0 && this.parts.clock.monotonicMs() < deadline) await pause(20);
    for (const exchange of this.inflight) exchange.cancel(new Cancelled('shutdown'));
    while (this.inflight.size > 0) await pause(5);
    await this.parts.keeping.keeper.stop(KEEP_MS);
  }

  /** Everything before the first byte goes upstream. What is raised here never reached a provider and is not in the ledger. */
  private async prepare(exchange: Exchange): Promise<void> {
    const { parts, options } = this;
    const authenticated = authenticate(exchange, parts.keys, options.clientAddress(exchange.request));
    if (authenticated) await authenticated;
    await receive(exchange, options.receive);
    plan(exchange, parts.routes);
    await admit(exchange, parts.limits);
    // Before the intent: from there on nothing may fail before the call is settled.
    exchange.span = parts.tracing.startCallSpan({
      operation: 'chat',
      model: exchange.plan.pattern,
      stream: exchange.received.read.stream,
      callId: exchange.id,
      traceparent: exchange.request.headers.traceparent as string | undefined,
    });
    decideKeeping(exchange, parts.keeping);
    await record(exchange, parts.recording);
  }

  /** From the durable intent to the settled record. */
  private async carry(exchange: Exchange): Promise<void> {
    const { parts } = this;
    // Whoever left before anything was sent has no answer to be drained either.
    if (exchange.clientGone) exchange.cancel(new Cancelled('client_gone'));
    let ended: AttemptsEnd;
    try {
      ended = await attempt(exchange, parts.attempting);
    } catch (error) {
      ended = this.broken(exchange, error);
    }
    const settled = settle(exchange, ended, {
      clock: parts.clock,
      log: parts.log,
      prices: parts.recording.prices,
      providers: parts.recording.providers,
    });
    await atMost(settled, this.options.settleWaitMs).catch((error: unknown) => {
      parts.log.error('a call could not be settled', { callId: exchange.id, err: error });
    });
    keep(exchange, ended.end, parts.keeping.keeper);
    finish(exchange, ended.end);
  }

  /** A bug of ours in the middle of a call: the client gets an opaque 500, the ledger an unknown cost, the log the cause. */
  private broken(exchange: Exchange, cause: unknown): AttemptsEnd {
    this.parts.log.error('a call broke inside the gateway', { callId: exchange.id, err: cause });
    const [target] = exchange.plan.targets;
    const failure = {
      class: 'internal',
      status: null,
      next: 'stop',
      mayHaveBilled: true,
      error: kernelErrors.internal({ cause }),
    } as const;
    return { end: { kind: 'failed', failure }, target: target as AttemptsEnd['target'], mayHaveBilled: true };
  }

  private refuse(exchange: Exchange, error: unknown): void {
    const known = error instanceof AppError ? error : kernelErrors.internal({ cause: error });
    if (!(error instanceof AppError)) this.parts.log.error('a call broke before it was sent', { callId: exchange.id, err: error });
    this.parts.metrics.callRefused(known.code.replace('/', '_'));
    sendError(exchange, known);
  }

  private clientLeft(exchange: Exchange): void {
    if (exchange.response.writableFinished) return;
    exchange.clientGone = true;
    if (this.options.onClientDisconnect === 'abort') exchange.cancel(new Cancelled('client_gone'));
  }

  private observe(exchange: Exchange): void {
    const { settlement, plan: route } = exchange;
    if (!settlement) return;
    const usage = settlement.usageSource === 'unknown' ? null : settlement.usage;
    const seconds = (ms: number | null) => (ms === null ? undefined : ms / 1000);
    const errorType = settlement.outcome === 'succeeded' ? undefined : (settlement.errorCode?.replace('/', '_') ?? settlement.outcome);
    this.parts.metrics.callFinished({
      operation: 'chat',
      provider: settlement.provider ?? 'none',
      model: route.pattern,
      outcome: settlement.outcome,
      errorType,
      durationSeconds: settlement.latencyMs / 1000,
      timeToFirstTokenSeconds: seconds(settlement.firstTokenMs),
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
    });
    exchange.span.end({
      status: settlement.httpStatus ?? 0,
      errorType,
      provider: settlement.provider ?? undefined,
      responseModel: settlement.upstreamModel === null ? undefined : exchange.configuredName(settlement.upstreamModel),
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
      cachedInputTokens: usage?.cachedInputTokens,
      reasoningTokens: usage?.reasoningTokens,
      timeToFirstTokenSeconds: seconds(settlement.firstTokenMs),
      finishReasons: settlement.finishReason === null ? undefined : [settlement.finishReason],
    });
  }
}

/** How long a stop waits for content that was taken to be written. */
const KEEP_MS = 5_000;
const SOON = { details: { retryAfterSeconds: 1 } };

/** `work`, or nothing once `ms` have gone by; the work goes on. */
function atMost(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    work.then(
      () => {
        clearTimeout(timer);
        resolve();
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
