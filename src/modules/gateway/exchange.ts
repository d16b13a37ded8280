import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/clock.js';
import { type CallId, newId } from '../../kernel/ids.js';
import type { ServiceKeyPrincipal } from '../../platform/http/principal.js';
import type { CallSpan } from '../../platform/telemetry/tracing.js';
import { type AnswerCapture, KEEP_NOTHING, type KeepDecision } from '../content/content.contract.js';
import type { RoutePlan } from '../routing/routing.contract.js';
import type { AttemptRecord, CallSettlement, OpenCall, RateLimitTicket } from '../usage/usage.contract.js';
import type { Dialect, ReadRequest } from './dialects/dialect.js';
import type { Cancelled } from './upstream/attempt-failure.js';

/** What `receive` learns. */
export interface Received {
  /** Empty once nothing can ask for it any more. */
  readonly body: Buffer;
  readonly read: ReadRequest;
  /** OpenAI's `X-Client-Request-Id`: the caller's own name for the call, kept in the ledger. */
  readonly clientRequestId: string | null;
  /** The client asked that nothing of this call be kept (C6). */
  readonly keepNothing: boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * Something an exchange may give up waiting for. An object, because V8 places a function literal that is assigned to a property in the
 * old generation, where it would keep the whole call from being collected young.
 */
export interface Cancellable {
  cancel(reason: Cancelled): void;
}

/**
 * One call on its way through the gateway: the one object that travels. Each stage fills in its part and hands on; a part is
 * read only by later stages.
 */
export class Exchange {
  principal!: ServiceKeyPrincipal;
  received!: Received;
  /** Absent until the call is admitted. */
  ticket: RateLimitTicket | null = null;
  plan!: RoutePlan;
  call!: OpenCall;
  span!: CallSpan;

  /** What the gate decided to keep of it. */
  keep: KeepDecision = KEEP_NOTHING;
  /** Collects a stream that may be kept. */
  capture: AnswerCapture | null = null;
  /** What the answer's headers say is kept. */
  retention = 'none';
  /** Credentials this call was sent with, only while its input may be kept: they are taken out of it. */
  readonly upstreamSecrets: string[] = [];

  readonly attempts: AttemptRecord[] = [];
  /** Set once, by `settle`. */
  settlement: CallSettlement | null = null;
  /** Milliseconds from receipt to the first content, once there was some. */
  firstTokenMs: number | null = null;
  /** Whether the status line has gone to the client: from here errors can only be said inside the stream. */
  committed = false;
  clientGone = false;
  /** Its place among the calls in flight. */
  place = -1;
  /** Why the call was given up by us, once it was: no further attempt begins. */
  cancelled: Cancelled | null = null;
  /** What the exchange waits for: the client's body, a pause, the upstream. Null while it is at work itself. */
  waitingFor: Cancellable | null = null;

  /** Tells the same moment as `startedAtMs`. */
  readonly id: CallId;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAtMs: number;
  /** Monotonic, for durations. */
  readonly beganMs: number;

  constructor(
    readonly dialect: Dialect,
    wire: { readonly request: IncomingMessage; readonly response: ServerResponse },
    clock: Clock,
  ) {
    this.request = wire.request;
    this.response = wire.response;
    this.startedAtMs = clock.nowMs();
    this.id = newId(this.startedAtMs);
    this.beganMs = clock.monotonicMs();
  }

  /** A model of this call by a name from configuration, for traces: what a client wrote stands there as the pattern it matched (C1). */
  configuredName(model: string): string {
    return model === this.received.read.model ? this.plan.pattern : model;
  }

  /** The answer has begun: the request is not sent again, and a stream may last for long. It stays only where it may be kept. */
  answerBegan(): void {
    if (this.keep.success ?? this.keep.failure) return;
    this.received = { ...this.received, body: NOTHING };
  }

  /** Gives the call up. What was measured so far is settled all the same. */
  cancel(reason: Cancelled): void {
    this.cancelled ??= reason;
    this.waitingFor?.cancel(reason);
  }
}
