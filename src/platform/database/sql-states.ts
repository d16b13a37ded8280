import { errorCode } from '../../kernel/errors.js';

// Codes of PostgreSQL's errors, appendix A of its manual. TypeORM's errors have them too.
export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';
export const LOCK_NOT_AVAILABLE = '55P03';
const INTEGRITY_CLASS = '23';

/** The constraint that `error` says was violated, or the rule of one of our own triggers, if it says that. */
export function violatedConstraint(error: unknown): string | undefined {
  if (errorCode(error)?.startsWith(INTEGRITY_CLASS) !== true) return undefined;
  const { constraint } = error as { readonly constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}
