import { STATUS_CODES } from 'node:http';
import { type AppError, declaredErrors, type FieldError } from '../../kernel/errors.js';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** The body of every error of the control plane (RFC 9457). */
export interface Problem {
  /** `urn:lethe:error:<module>:<key>`: a name, not an address. `docs/errors.md` lists them all. */
  readonly type: string;
  /** The catalogue's sentence, the same for every occurrence. */
  readonly title: string;
  readonly status: number;
  /** What is wrong with this request. */
  readonly detail: string;
  /** `urn:uuid:<request id>`. */
  readonly instance: string;
  /** What a program switches on, such as `keys/not_found`. */
  readonly code: string;
  readonly requestId: string;
  /** Every invalid field, when the input was refused. */
  readonly errors?: readonly FieldError[];
  /** Further facts, such as a limit or the id in conflict. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What the caller may read of `error`. The cause stays behind. */
export function toProblem(error: AppError, requestId: string): Problem {
  const { errors, retryAfterSeconds: _, ...details } = error.details;
  return {
    type: `urn:lethe:error:${error.code.replace('/', ':')}`,
    title: titleOf(error),
    status: error.status,
    detail: error.publicMessage,
    instance: `urn:uuid:${requestId}`,
    code: error.code,
    requestId,
    ...(Array.isArray(errors) ? { errors: errors as FieldError[] } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}

/** The headers that go with `error`: how to authenticate (RFC 6750) and when to come back. */
export function problemHeaders(error: AppError): Record<string, string> {
  const { retryAfterSeconds } = error.details;
  const headers: Record<string, string> = { 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store' };
  if (error.status === 401) headers['www-authenticate'] = 'Bearer realm="lethe"';
  if (typeof retryAfterSeconds === 'number') headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  return headers;
}

function titleOf(error: AppError): string {
  const declared = declaredErrors().find((definition) => definition.code === error.code);
  return declared?.message ?? STATUS_CODES[error.status] ?? 'Error';
}
