import { errorCode } from '../../kernel/errors.js';

const REPLY_CODE = /^[A-Z]{2,20}(?= )/;

/**
 * What may be stored of any failure: the code of an `AppError`, a SQLSTATE or errno, Redis's reply code, or the class name.
 * Messages are left behind, since a driver's may quote a value, a key or a connection string.
 */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = errorCode(error);
  if (code !== undefined) return code;
  const reply = error.name === 'ReplyError' ? REPLY_CODE.exec(error.message)?.[0] : undefined;
  return reply ?? error.constructor.name;
}
