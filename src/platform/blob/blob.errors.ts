import { errorCatalogue } from '../../kernel/errors.js';

/**
 * How a blob store fails. Only `not_found` says that an object is not there; a store that is away, does not admit Lethe or is not the one it
 * should be says so, and is never taken for an empty one (peers 28).
 */
export const blobErrors = errorCatalogue('blob', {
  not_found: { status: 404, message: 'The blob store has no such object.' },
  unavailable: { status: 503, message: 'The blob store does not answer as it should. Try again shortly.' },
  denied: { status: 503, message: 'The blob store does not admit Lethe. An operator has to restore its access.' },
  misconfigured: { status: 503, message: 'The blob store is not set up correctly. Check LETHE_BLOB_* and run `lethe doctor`.' },
  damaged: {
    status: 500,
    message: 'An object ended before its length: the connection to the blob store was lost, or the object is damaged.',
  },
});

/** A cause that is safe to log: client libraries' errors hold the request, credentials and all. */
export function blobCause(text: string): Error {
  return new Error(text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300));
}
