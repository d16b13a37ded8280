/**
 * Why an exchange with a server brought no whole answer:
 * - `connect_timeout`: no connection in time
 * - `closed`: the connection ended before the answer did
 * - `malformed_answer`: what came is not HTTP/1.1, or is ambiguous about where it ends (RFC 9112 §11)
 * - `pool_closed`: this side takes no more exchanges
 * - `invalid_request`: a method, path or header that would not stay in its line
 */
export type HttpClientErrorCode = 'connect_timeout' | 'closed' | 'malformed_answer' | 'pool_closed' | 'invalid_request';

export class HttpClientError extends Error {
  constructor(
    readonly code: HttpClientErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export function malformed(what: string): HttpClientError {
  return new HttpClientError('malformed_answer', what);
}
