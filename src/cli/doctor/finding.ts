import { AppError } from '../../kernel/errors.js';

export type FindingLevel = 'ok' | 'warn' | 'error';

/** One thing `doctor` looked at. A `warn` works but should not stay; an `error` keeps Lethe from doing its job. */
export interface Finding {
  readonly level: FindingLevel;
  /** What was looked at: `settings`, `database`, `route gpt-4o`. */
  readonly subject: string;
  /** What is so, in one sentence. Never a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly action?: string;
}

export function ok(subject: string, message: string): Finding {
  return { level: 'ok', subject, message };
}

export function warn(subject: string, message: string, action: string): Finding {
  return { level: 'warn', subject, message, action };
}

export function error(subject: string, message: string, action?: string): Finding {
  return { level: 'error', subject, message, ...(action === undefined ? {} : { action }) };
}

/** Turns what a check throws into its finding: one failing check never hides the others. */
export async function examine(subject: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (failure) {
    const message = failure instanceof AppError ? failure.publicMessage : `this check failed: ${(failure as Error).message}`;
    return [error(subject, message)];
  }
}
