import { AppError } from '../kernel/errors.js';

/** What went wrong, in one sentence for the operator. */
export function sentenceOf(failure: unknown): string {
  if (failure instanceof AppError) return failure.publicMessage;
  if (!(failure instanceof Error)) return 'something unexpected was thrown';
  const code = 'code' in failure ? String(failure.code) : '';
  if (failure.message === '') return code || failure.name;
  return code === '' || failure.message.includes(code) ? failure.message : `${failure.message} (${code})`;
}
