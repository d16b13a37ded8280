import { errorCode } from '../../../kernel/errors.js';

type DatabaseError = Error & { readonly code: string };

/** Whether the error came from Postgres. pg reports network faults with Node's codes (ECONNREFUSED) and without a severity. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test(errorCode(error) ?? '');
}

/**
 * Whether Postgres refused what was in a statement: data exception (22), integrity (23), a limit of size (54); see appendix A of its manual.
 * Everything else is about the server, the connection or the schema. The same entry may be taken a minute later, so it is kept.
 */
export function isDueToData(error: unknown): boolean {
  return isDatabaseError(error) && /^(22|23|54)/.test(error.code) && !isMissingPartition(error);
}

/**
 * Whether a session is of no use after this error: all but a statement that Postgres refused. Told by the code: the severity is in the
 * server's language. Class 57P is its shutting down, 08 the connection, 25P03 a time-out of the session.
 */
export function endsSession(error: unknown): boolean {
  return !isDatabaseError(error) || /^(57P|08|25P03)/.test(error.code);
}

/** Told by the place in the server that raised it: the text is in the server's language. */
export function isMissingPartition(error: unknown): boolean {
  return isDatabaseError(error) && error.code === '23514' && 'routine' in error && error.routine === 'ExecFindPartition';
}
