import { QueryFailedError } from 'typeorm';

/** What our own triggers raise, with a constraint's name. */
const INTEGRITY_VIOLATION = '23000';
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** The unique constraint, unique index, foreign key or rule of a trigger that `error` says was violated, if it says that. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: unknown; constraint?: unknown };
  const violated = code === UNIQUE_VIOLATION || code === FOREIGN_KEY_VIOLATION || code === INTEGRITY_VIOLATION;
  return violated && typeof constraint === 'string' ? constraint : undefined;
}
