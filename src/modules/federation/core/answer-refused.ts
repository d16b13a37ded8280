import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';
import { AppError, errorCode } from '../../../kernel/errors.js';
import { federationErrors } from '../federation.errors.js';

/** Codes of RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6 with which a person, rather than a fault, ends a sign-in. */
const DECLINED = new Set(['access_denied', 'login_required', 'consent_required', 'interaction_required', 'account_selection_required']);
const CODE = /^[a-zA-Z0-9_]{1,60}$/;

/**
 * Turns what the OAuth library raises into one of our errors. Only codes go on: its errors carry claims and bodies of the provider, which are
 * people's and have no place in a log.
 */
export function answerRefused(error: unknown): never {
  const own = ownError(error);
  if (own !== null) throw own;
  if (error instanceof AuthorizationResponseError && DECLINED.has(error.error)) throw federationErrors.declined();
  const said =
    error instanceof AuthorizationResponseError || error instanceof ResponseBodyError ? error.error : (errorCode(error) ?? 'unknown');
  throw federationErrors.answer_refused({ cause: new Error(CODE.test(said) ? said : 'unknown') });
}

/** Whether the provider says that a refresh token works no more (RFC 6749 §5.2), rather than failing for another reason. */
export function isGrantRefused(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant';
}

/** What our own request raised, which the library wraps. */
function ownError(error: unknown): AppError | null {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof AppError) return cause;
  }
  return null;
}
