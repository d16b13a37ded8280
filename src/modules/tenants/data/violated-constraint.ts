import { QueryFailedError } from 'typeorm';

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** The unique constraint, unique index or foreign key that `error` says was violated, if it says that. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: unknown; constraint?: unknown };
  const violated = code === UNIQUE_VIOLATION || code === FOREIGN_KEY_VIOLATION;
  return violated && typeof constraint === 'string' ? constraint : undefined;
}
