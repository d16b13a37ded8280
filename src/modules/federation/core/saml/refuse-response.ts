import type { AppError } from '../../../../kernel/errors.js';
import { type SamlRefusal, samlErrors } from '../../saml.errors.js';

/** The one error for every answer that is not accepted, with the reason as a word of a closed list. */
export function refuse(reason: SamlRefusal, cause?: unknown): AppError {
  return samlErrors.response_refused({ details: { reason }, ...(cause === undefined ? {} : { cause }) });
}
