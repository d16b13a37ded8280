import type { Clock } from '../../../kernel/clock.js';
import { present } from '../../../kernel/assert.js';
import { AppError } from '../../../kernel/errors.js';
import type { Metrics } from '../../../platform/telemetry/metrics.js';
import type { CredentialVault } from '../../credentials/credentials.contract.js';
import type { RouteTarget } from '../../routing/routing.contract.js';
import type { AttemptRecord } from '../../usage/usage.contract.js';
import type { Exchange } from '../exchange.js';
import { gatewayErrors } from '../gateway.errors.js';
import type { Provider } from '../providers/provider.js';
import type { ProviderRegistry } from '../providers/provider-registry.js';
import { type AttemptFailure, failureOfConnection } from '../upstream/attempt-failure.js';
import { type UpstreamAddress, upstreamAddress } from '../upstream/upstream-address.js';
import { type AttemptEnd, UpstreamCall } from '../upstream/upstream-call.js';
import type { UpstreamPools } from '../upstream/upstream-pools.js';
import { upstreamHeaders } from '../upstream/upstream-request.js';
import { clientSink } from './relay.js';

export interface AttemptParts {
  readonly vault: CredentialVault;
  readonly providers: ProviderRegistry;
  readonly pools: UpstreamPools;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits: { readonly maxAttempts: number; readonly firstByteMs: number; readonly idleMs: number; readonly maxAnswerBytes: number };
}

/** What all attempts together came to. */
export interface AttemptsEnd {
  readonly end: AttemptEnd;
  /** The target of the last attempt. */
  readonly target: RouteTarget;
  /** Some attempt that failed may have been billed all the same. */
  readonly mayHaveBilled: boolean;
}

const BACKOFF_MS = 50;
/** A provider that asks to be left alone for longer is not asked again by this call: its client can wait better than we can. */
const WAIT_MAX_MS = 2_000;

/**
 * Tries the targets in their order, and again from the first, until one answers, a failure is final or the attempts are used up.
 * Happens only before the first content byte (peers 14); every attempt leaves a line in the routing trace (R3).
 */
export async function attempt(exchange: Exchange, parts: AttemptParts): Promise<AttemptsEnd> {
  const { targets } = exchange.plan;
  const excluded: RouteTarget[] = [];
  let waitMs: Map<RouteTarget, number> | undefined;
  let mayHaveBilled = false;
  for (let number = 0; ; number += 1) {
    const target = present(nextTarget(targets, excluded, number), 'a target that is not excluded');
    const again = exchange.attempts.some((earlier) => earlier.credentialId === target.credentialId && earlier.model === target.model);
    if (again)
      await backOff(exchange, Math.max(waitMs?.get(target) ?? 0, BACKOFF_MS * 2 ** Math.min(number, 6) * (0.5 + Math.random() / 2)));
    if (exchange.cancelled)
      return { end: { kind: 'failed', failure: failureOfConnection(exchange.cancelled, false) }, target, mayHaveBilled };
    const began = parts.clock.monotonicMs();
    const end = await attemptOnce(exchange, target, parts);
    const outcome = end.kind === 'failed' ? end.failure.class : 'answered';
    exchange.attempts.push({
      credentialId: target.credentialId,
      provider: target.provider,
      model: target.model,
      reason: number === 0 ? 'first' : again ? 'retry' : 'failover',
      outcome,
      status: end.kind === 'failed' ? end.failure.status : end.answer.status,
      ms: Math.round(parts.clock.monotonicMs() - began),
    } satisfies AttemptRecord);
    if (end.kind !== 'failed') return { end, target, mayHaveBilled };
    const { failure } = end;
    mayHaveBilled ||= failure.mayHaveBilled;
    waitMs = (waitMs ?? new Map<RouteTarget, number>()).set(target, failure.waitMs ?? 0);
    if (failure.next === 'other' || (failure.waitMs ?? 0) > WAIT_MAX_MS) excluded.push(target);
    const isLast = failure.next === 'stop' || number + 1 >= parts.limits.maxAttempts || excluded.length === targets.length;
    if (isLast || exchange.cancelled || exchange.clientGone) return { end, target, mayHaveBilled };
    parts.metrics.failedOver(failure.class);
  }
}

/** Waits before a target is asked again, no longer than the call itself goes on. */
function backOff(exchange: Exchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    exchange.waitingFor = {
      cancel: () => {
        clearTimeout(timer);
        resolve();
      },
    };
    if (exchange.cancelled) exchange.waitingFor.cancel(exchange.cancelled);
  });
}

function nextTarget(targets: readonly RouteTarget[], excluded: readonly RouteTarget[], number: number): RouteTarget | undefined {
  for (let step = 0; step < targets.length; step += 1) {
    const target = targets[(number + step) % targets.length];
    if (target && !excluded.includes(target)) return target;
  }
  return undefined;
}

async function attemptOnce(exchange: Exchange, target: RouteTarget, parts: AttemptParts): Promise<AttemptEnd> {
  const provider = parts.providers.find(target.provider);
  const baseUrl = target.baseUrl ?? provider?.baseUrl;
  if (!provider || !baseUrl) return { kind: 'failed', failure: failureBeforeDispatch(gatewayErrors.upstream_unreachable()) };
  const address = upstreamAddress(baseUrl);
  const traced = exchange.span.startAttempt({
    provider: provider.catalogueId ?? provider.name,
    model: exchange.configuredName(target.model),
    number: exchange.attempts.length + 1,
    serverAddress: address.hostname,
    serverPort: address.port,
  });
  let end: AttemptEnd;
  try {
    const secret = await parts.vault.open(target.credentialId);
    if (exchange.keep.failure?.redact) exchange.upstreamSecrets.push(secret);
    end = await dispatch(exchange, { target, provider, address, secret }, parts);
  } catch (error) {
    end = { kind: 'failed', failure: failureBeforeDispatch(error) };
  }
  traced.end(
    end.kind === 'failed' ? { status: end.failure.status ?? undefined, errorType: end.failure.class } : { status: end.answer.status },
  );
  return end;
}

interface Destination {
  readonly target: RouteTarget;
  readonly provider: Provider;
  readonly address: UpstreamAddress;
  readonly secret: string;
}

function dispatch(exchange: Exchange, to: Destination, parts: AttemptParts): Promise<AttemptEnd> {
  const { dialect, received, request } = exchange;
  const { read } = received;
  const hideUsage = read.stream && !read.includeUsage;
  const body = dialect.rewriteRequest(received.body, read, {
    model: to.target.model,
    includeUsage: hideUsage,
    neverStore: to.provider.takesNoStore,
  });
  const pool = parts.pools.forOrigin(to.address.origin);
  return new Promise((resolve) => {
    const call = new UpstreamCall(
      {
        stream: read.stream,
        firstByteMs: parts.limits.firstByteMs,
        idleMs: parts.limits.idleMs,
        maxAnswerBytes: parts.limits.maxAnswerBytes,
        secret: to.secret,
        dialect,
        tap: { hideUsage, choices: read.choices },
        sink: clientSink(exchange, parts.clock),
      },
      resolve,
    );
    exchange.waitingFor = call;
    if (exchange.cancelled) return call.cancel(exchange.cancelled);
    pool.dispatch(
      {
        method: 'POST',
        path: to.address.path + to.provider.chatPath,
        headers: upstreamHeaders(to.provider, to.secret, request.headers, read.stream),
        body,
      },
      call,
    );
  });
}

/** The credential could not be opened, or its address may not be reached: nothing was sent, and another target may do. */
function failureBeforeDispatch(error: unknown): AttemptFailure {
  const known = error instanceof AppError;
  return {
    class: known ? error.code.replace('/', '_') : 'internal',
    status: null,
    next: 'other',
    mayHaveBilled: false,
    error: known && error.status === 503 ? error : gatewayErrors.upstream_unreachable({ cause: error }),
  };
}
