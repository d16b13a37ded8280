import { HttpException } from '@nestjs/common';
import { EntityNotFoundError, QueryFailedError } from 'typeorm';
import { AppError, kernelErrors } from '../../kernel/errors.js';
import { FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION } from '../database/sql-states.js';
import { httpErrors } from './http.errors.js';

const RETRY_AFTER_SECONDS = 2;

/**
 * The {@link AppError} that stands for anything thrown in the control plane. Texts of frameworks and drivers are never
 * passed on: they quote addresses, bodies and rows. What is not recognised becomes an opaque 500.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HttpException) return fromHttpException(error);
  if (error instanceof EntityNotFoundError) return kernelErrors.not_found({ cause: error });
  return fromDatabase(error) ?? fromFastify(error) ?? kernelErrors.internal({ cause: error });
}

type Factory = (typeof httpErrors)[keyof typeof httpErrors];

const BY_STATUS: ReadonlyMap<number, Factory> = new Map([
  [401, httpErrors.unauthenticated],
  [403, httpErrors.forbidden],
  [404, kernelErrors.not_found],
  [405, httpErrors.method_not_allowed],
  [406, httpErrors.not_acceptable],
  [408, httpErrors.timeout],
  [409, kernelErrors.conflict],
  [413, httpErrors.body_too_large],
  [415, httpErrors.unsupported_media_type],
  [429, httpErrors.too_many_requests],
  [431, httpErrors.headers_too_large],
]);

function fromStatus(status: number, cause: unknown): AppError {
  const factory = BY_STATUS.get(status);
  if (factory) return factory({ cause });
  if (status === 503) return unavailable(cause);
  return status >= 400 && status < 500 ? kernelErrors.invalid_request({ cause }) : kernelErrors.internal({ cause });
}

function fromHttpException(error: HttpException): AppError {
  const checks = healthChecks(error.getResponse());
  if (checks) return kernelErrors.unavailable({ cause: error, details: { retryAfterSeconds: RETRY_AFTER_SECONDS, checks } });
  // Nest wraps Fastify's own errors, whose code says more than the status.
  return fromFastify(error.cause) ?? fromStatus(error.getStatus(), error);
}

/** A failed health check of @nestjs/terminus: which parts are up and down, without their messages. */
function healthChecks(response: unknown): Record<string, string> | undefined {
  if (typeof response !== 'object' || response === null || !('details' in response)) return undefined;
  const { details } = response;
  if (typeof details !== 'object' || details === null) return undefined;
  const checks = Object.entries(details).map(([name, check]) => [name, (check as { status?: unknown }).status === 'up' ? 'up' : 'down']);
  return Object.fromEntries(checks) as Record<string, string>;
}

const FASTIFY_CODES: ReadonlyMap<string, Factory> = new Map([
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', httpErrors.unsupported_media_type],
  ['FST_ERR_CTP_BODY_TOO_LARGE', httpErrors.body_too_large],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', httpErrors.malformed_json],
  ['FST_ERR_CTP_INVALID_JSON_BODY', httpErrors.malformed_json],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', httpErrors.malformed_request],
  ['FST_ERR_BAD_URL', httpErrors.malformed_request],
]);

function fromFastify(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const factory = typeof code === 'string' ? FASTIFY_CODES.get(code) : undefined;
  if (factory) return factory({ cause: error });
  if (typeof statusCode !== 'number') return undefined;
  // The JSON parsers mark their error with a status; its message quotes the body.
  if (error instanceof SyntaxError) return httpErrors.malformed_json({ cause: error });
  const ownError = typeof code === 'string' && code.startsWith('FST_');
  return ownError && statusCode >= 400 && statusCode < 500 ? fromStatus(statusCode, error) : undefined;
}

/** SQLSTATEs of input the database could not take: too long, out of range, malformed, a NUL, against a check. */
const BAD_INPUT = new Set(['22001', '22003', '22007', '22008', '22021', '22023', '22P02', '22P05', '23514']);
/** SQLSTATEs that pass by themselves: lost or refused connections, shutdown, deadlock, timeouts. */
const TRANSIENT_SQLSTATE = /^(?:08\d{3}|25006|40001|40P01|53300|55P03|57014|57P0[1-3])$/;
/** Node codes of a peer that cannot be reached right now. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** What pg and pg-pool say, without a code, when a connection is gone or cannot be had. */
const TRANSIENT_MESSAGES = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Query read timeout',
]);

function fromDatabase(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const driver: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const { code, message, constraint } = driver as { code?: unknown; message?: unknown; constraint?: unknown };
  if (typeof message === 'string' && TRANSIENT_MESSAGES.has(message)) return unavailable(error);
  if (typeof code !== 'string') return undefined;
  if (TRANSIENT_SQLSTATE.test(code) || UNREACHABLE.has(code)) return unavailable(error);
  if (code === UNIQUE_VIOLATION || code === '23P01') return kernelErrors.conflict({ cause: error });
  if (code === '23001') return httpErrors.in_use({ cause: error });
  if (code === FOREIGN_KEY_VIOLATION)
    return isDelete(error) ? httpErrors.in_use({ cause: error }) : kernelErrors.not_found({ cause: error });
  // A row for which there is no partition breaks no named check, and is no fault of the caller's.
  if (code === '23514' && constraint === undefined) return undefined;
  return BAD_INPUT.has(code) ? kernelErrors.invalid_request({ cause: error }) : undefined;
}

/** A foreign key refuses both a delete of what is in use and a reference to what is absent, with the same SQLSTATE. */
function isDelete(error: Error): boolean {
  return error instanceof QueryFailedError && /^\s*delete\b/i.test(error.query);
}

function unavailable(cause: unknown): AppError {
  return kernelErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
}
