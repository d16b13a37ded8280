import { AppError } from '../../../kernel/errors.js';
import { gatewayErrors } from '../gateway.errors.js';

/** What may be tried after a failure: the same target again, only others, or nothing. */
export type Next = 'retry' | 'other' | 'stop';

/** Why an attempt brought no answer, decided before the client has seen any of it. */
export interface AttemptFailure {
  /** Short and from a closed set: it goes to the routing trace, the metrics and the ledger. */
  readonly class: string;
  readonly status: number | null;
  readonly next: Next;
  /** How long the provider asked to be left alone, when it said. */
  readonly waitMs?: number;
  /** The request was sent and no refusal came back: the provider may have done the work and may bill it. */
  readonly mayHaveBilled: boolean;
  /** What the client is told if this was the last attempt. */
  readonly error: AppError;
  /** The upstream's own words, for a request it refused: clients switch on its codes. Free of the credential. */
  readonly answer?: { readonly contentType: string; readonly body: Buffer };
}

/** Why we cancelled an attempt ourselves. */
export class Cancelled extends Error {
  constructor(readonly reason: 'client_gone' | 'timeout' | 'shutdown') {
    super(`call cancelled: ${reason}`);
  }
}

/** Statuses that say "not now": 408 and 409 as OpenAI's SDKs read them, 529 is "overloaded". */
const TRANSIENT = new Set([408, 409, 429, 500, 502, 503, 504, 529]);
/** Statuses about the gateway's own credential or set-up at this target: another target may do. */
const OURS = new Set([401, 402, 403, 405, 407]);

/** What came with a status that is not 200. */
export interface Refusal {
  readonly retryAfter: string | undefined;
  /** The provider's own error code: of a closed set by the provider's reference, and never shown. */
  readonly code: string | null;
  readonly answer: AttemptFailure['answer'];
}

/** A failure told by HTTP status. */
export function failureOfStatus(status: number, { retryAfter, code, answer }: Refusal): AttemptFailure {
  const refused = { class: `status_${status}`, status, mayHaveBilled: false };
  if (status < 400) return { ...refused, next: 'other', error: gatewayErrors.upstream_invalid() };
  // The account behind the credential is out of money: waiting does not help, and the client's own quota it is not.
  if (status === 429 && code === 'insufficient_quota') return { ...refused, next: 'other', error: gatewayErrors.upstream_refused() };
  if (status === 429) {
    const seconds = retryAfterSeconds(retryAfter);
    if (seconds === null) return { ...refused, next: 'retry', error: gatewayErrors.upstream_rate_limited() };
    const error = gatewayErrors.upstream_rate_limited({ details: { retryAfterSeconds: Math.max(1, Math.ceil(seconds)) } });
    return { ...refused, next: 'retry', waitMs: seconds * 1000, error };
  }
  if (TRANSIENT.has(status) || status >= 500) {
    const seconds = retryAfterSeconds(retryAfter);
    return { ...refused, next: 'retry', ...(seconds === null ? {} : { waitMs: seconds * 1000 }), error: gatewayErrors.upstream_failed() };
  }
  if (status === 404)
    return { ...refused, next: 'other', error: gatewayErrors.model_not_found({ message: 'The upstream does not have this model.' }) };
  if (OURS.has(status)) return { ...refused, next: 'other', error: gatewayErrors.upstream_refused() };
  const rejected = new AppError('gateway/upstream_rejected', status, gatewayErrors.upstream_rejected().publicMessage);
  return { ...refused, next: 'stop', error: rejected, ...(answer ? { answer } : {}) };
}

/** A failure of the connection, before or during the answer. `sent` tells whether the request had gone out. */
export function failureOfConnection(error: Error, sent: boolean): AttemptFailure {
  if (error instanceof Cancelled) {
    const next = error.reason === 'timeout' ? 'retry' : 'stop';
    const told = error.reason === 'timeout' ? gatewayErrors.upstream_timeout() : gatewayErrors.interrupted();
    return { class: error.reason, status: null, next, mayHaveBilled: sent, error: told };
  }
  return sent
    ? { class: 'reset', status: null, next: 'retry', mayHaveBilled: true, error: gatewayErrors.upstream_failed({ cause: error }) }
    : {
        class: 'unreachable',
        status: null,
        next: 'retry',
        mayHaveBilled: false,
        error: gatewayErrors.upstream_unreachable({ cause: error }),
      };
}

/** A 200 that is no answer: the provider has worked, so it may bill. */
export function failureOfAnswer(kind: 'invalid' | 'cut' | 'error_event' | 'too_large', status = 200): AttemptFailure {
  const errors = {
    invalid: gatewayErrors.upstream_invalid,
    cut: gatewayErrors.upstream_cut,
    error_event: gatewayErrors.upstream_failed,
    too_large: gatewayErrors.answer_too_large,
  };
  return {
    class: kind,
    status,
    next: kind === 'too_large' ? 'stop' : 'retry',
    mayHaveBilled: kind !== 'error_event',
    error: errors[kind](),
  };
}

/** RFC 9110 §10.2.3, the form in seconds; providers send no other. Bounded to an hour. */
function retryAfterSeconds(header: string | undefined): number | null {
  return header !== undefined && /^\d+(\.\d+)?$/.test(header) ? Math.min(3600, Number(header)) : null;
}
