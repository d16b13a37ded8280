import { AppError, errorCatalogue, failureName } from '../../kernel/errors.js';

/**
 * How a key management service fails. Only `refused` speaks about the wrapped key, and `unreadable` about an envelope around it; the other
 * three speak about the service, so an outage or a lost permission is never taken for a corrupt secret.
 */
export const kmsErrors = errorCatalogue('kms', {
  unavailable: { status: 503, message: 'The key management service does not answer. Try again shortly.' },
  denied: { status: 503, message: 'The key management service does not admit Lethe. An operator has to restore its access.' },
  misconfigured: { status: 503, message: 'The key management service is not set up correctly. Run `lethe doctor`.' },
  refused: {
    status: 500,
    message: 'The wrapped key cannot be opened: it is damaged, or was wrapped by another key or for another context.',
  },
  unreadable: { status: 500, message: 'A sealed value cannot be opened: it is damaged, or belongs to another row.' },
});

/**
 * A cause that is safe to log: it says what answered and how, and nothing of what was asked. Errors of client libraries hold
 * the request (tokens, plaintext keys), so they are never chained themselves.
 */
export function kmsCause(text: string): Error {
  return new Error(text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300));
}

/** Passes an {@link AppError} on and hides anything else behind `kms/unavailable`. */
export function asKmsError(error: unknown, sentence: string): AppError {
  if (error instanceof AppError) return error;
  return kmsErrors.unavailable({ message: sentence, cause: kmsCause(failureName(error)) });
}
