/** A call as its trace sees it. Names come from configuration; nothing of the request's or answer's content belongs here (C1). */
export interface CallSpanStart {
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  /** `gen_ai.request.model`: the configured name of the route or model. */
  readonly model: string;
  readonly stream: boolean;
  readonly callId?: string;
  /** The client's `traceparent` header, continued only when the installation trusts its clients' traces. */
  readonly traceparent?: string | undefined;
}

/** How a call ended. Absent counts are unknown. */
export interface CallSpanEnd {
  readonly status: number;
  /** `error.type`: a short class; its presence marks the span as failed. */
  readonly errorType?: string | undefined;
  readonly provider?: string | undefined;
  readonly responseModel?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
  readonly timeToFirstTokenSeconds?: number | undefined;
  readonly finishReasons?: readonly string[] | undefined;
}

export interface AttemptSpanStart {
  /** `gen_ai.provider.name`. */
  readonly provider: string;
  readonly model: string;
  /** 1 for the first attempt. */
  readonly number: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

export interface AttemptSpanEnd {
  /** The upstream's HTTP status, when it answered. */
  readonly status?: number | undefined;
  readonly errorType?: string | undefined;
}

/** One request to an upstream inside a call. */
export interface AttemptSpan {
  end(result: AttemptSpanEnd): void;
}

/** One call, from receipt to settlement. */
export interface CallSpan {
  /** The trace's id, for the log; undefined when nothing is traced. */
  readonly traceId: string | undefined;
  startAttempt(attempt: AttemptSpanStart): AttemptSpan;
  end(result: CallSpanEnd): void;
}

/**
 * Traces calls. Also the injection token. There is deliberately no way to get a header out of a span: a trace is never
 * continued upstream (C9).
 */
export abstract class Tracing {
  abstract startCallSpan(call: CallSpanStart): CallSpan;

  /** Sends what is still held, for at most `timeoutMs`; never throws. */
  abstract shutdown(timeoutMs: number): Promise<void>;
}

const NO_ATTEMPT: AttemptSpan = { end: () => undefined };
const NO_CALL: CallSpan = { traceId: undefined, startAttempt: () => NO_ATTEMPT, end: () => undefined };

/** Traces nothing, at the price of a function call. */
export class NoTracing extends Tracing {
  override startCallSpan(): CallSpan {
    return NO_CALL;
  }

  override shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
