/** What a script may rely on. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** The command line itself was wrong: says what would be right, and ends with {@link EXIT.usage}. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
