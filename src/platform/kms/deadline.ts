import { kmsErrors } from './kms.errors.js';

/**
 * Runs `call` with a signal that fires after `timeoutMs` or when the caller's own does, and answers `kms/unavailable` at that
 * moment even if the call ignores its signal (a credential look-up, a native library).
 */
export async function withDeadline<T>(
  timeoutMs: number,
  caller: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (caller?.aborted) throw givenUp();
  const late = AbortSignal.timeout(timeoutMs);
  const signal = caller ? AbortSignal.any([late, caller]) : late;
  const ended = Promise.withResolvers<never>();
  const end = (): void =>
    ended.reject(
      caller?.aborted ? givenUp() : kmsErrors.unavailable({ message: `The key management service did not answer within ${timeoutMs} ms.` }),
    );
  signal.addEventListener('abort', end, { once: true });
  // `call` may fail after the deadline has answered in its place; the race has a handler on both, so nothing goes unhandled.
  try {
    return await Promise.race([call(signal), ended.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function givenUp(): Error {
  return kmsErrors.unavailable({ message: 'The call was given up before the key management service answered.' });
}
