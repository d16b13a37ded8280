import type { AppError } from '../../../kernel/errors.js';
import type { WrittenError } from './dialect.js';
import { isObject } from './json-values.js';

interface OpenAiError {
  readonly type: string;
  readonly code: string | null;
  /** The status on the wire where it is not the error's own. */
  readonly status?: number;
}

/** OpenAI's words for a status, as its error guide and its own answers have them. */
const BY_STATUS: Readonly<Record<number, OpenAiError>> = {
  400: { type: 'invalid_request_error', code: null },
  401: { type: 'invalid_request_error', code: 'invalid_api_key' },
  // OpenAI says 429 `insufficient_quota` when credit or budget is gone, and clients switch on that; 402 they do not know.
  402: { type: 'insufficient_quota', code: 'insufficient_quota', status: 429 },
  403: { type: 'invalid_request_error', code: 'permission_denied' },
  404: { type: 'invalid_request_error', code: 'model_not_found' },
  413: { type: 'invalid_request_error', code: 'request_too_large' },
  415: { type: 'invalid_request_error', code: 'unsupported_content_type' },
  429: { type: 'requests', code: 'rate_limit_exceeded' },
  502: { type: 'upstream_error', code: 'upstream_error' },
  503: { type: 'server_error', code: 'service_unavailable' },
  504: { type: 'upstream_error', code: 'upstream_timeout' },
};

const UNKNOWN_URL: OpenAiError = { type: 'invalid_request_error', code: 'unknown_url' };

/**
 * Writes an error as the OpenAI API does: `{error: {message, type, param, code, request_id}}`. Only the public message of the
 * error gets out, never its cause. `retry-after` comes from `details.retryAfterSeconds`. A spent budget (402) leaves as 429
 * `insufficient_quota` with `x-should-retry: false`, which OpenAI's SDKs obey: they would otherwise retry every 429.
 */
export function writeOpenAiError(error: AppError, requestId: string): WrittenError {
  const { status, json } = describe(error, requestId);
  const retryAfterSeconds = error.details.retryAfterSeconds;
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
      ...(typeof retryAfterSeconds === 'number' && Number.isFinite(retryAfterSeconds)
        ? { 'retry-after': String(Math.max(0, Math.ceil(retryAfterSeconds))) }
        : {}),
      ...(error.status === 402 ? { 'x-should-retry': 'false' } : {}),
    },
    body: Buffer.from(json),
  };
}

/** The same error for a stream that has begun: one `data:` event, and no `[DONE]`, so nobody takes the answer for whole (peers 13). */
export function writeOpenAiStreamError(error: AppError, requestId: string): Buffer {
  return Buffer.from(`data: ${describe(error, requestId).json}\n\n`);
}

function describe(error: AppError, requestId: string): { status: number; json: string } {
  const known = isMissingRoute(error) ? UNKNOWN_URL : (BY_STATUS[error.status] ?? byClass(error.status));
  const type = error.status === 429 && error.details.unit === 'tokens' ? 'tokens' : known.type;
  const json = JSON.stringify({
    error: { message: error.publicMessage, type, param: fieldOf(error), code: known.code, request_id: requestId },
  });
  return { status: known.status ?? error.status, json };
}

function byClass(status: number): OpenAiError {
  return status >= 500 ? { type: 'server_error', code: 'server_error' } : { type: 'invalid_request_error', code: null };
}

/** The first field the error names; a model that is not there is named by OpenAI too. */
function fieldOf(error: AppError): string | null {
  const { errors, param } = error.details;
  if (typeof param === 'string') return param;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  if (isObject(first) && typeof first.field === 'string') return first.field === 'body' ? null : first.field;
  return error.status === 404 && !isMissingRoute(error) ? 'model' : null;
}

/** The kernel's general 404; every other one on this path is about the model asked for. */
function isMissingRoute(error: AppError): boolean {
  return error.code === 'lethe/not_found';
}
