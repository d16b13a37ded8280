import type { IncomingMessage, ServerResponse } from 'node:http';
import { joined } from '../../../kernel/bytes.js';
import type { Clock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { PiecewiseBody } from '../../../platform/http/piecewise-body.js';
import type { RateLimitStatus } from '../../usage/usage.contract.js';
import type { WrittenError } from '../dialects/dialect.js';
import type { Exchange } from '../exchange.js';
import { gatewayErrors } from '../gateway.errors.js';
import type { AttemptEnd, StreamEnding, StreamSink, UpstreamHead } from '../upstream/upstream-call.js';
import { RETURNED } from '../upstream/upstream-request.js';
import { RETENTION_HEADER } from './keep.js';

/** Writes a stream to the client as it comes, at the client's pace. A client that left is written to no more; the stream may go on without it. */
export function clientSink(exchange: Exchange, clock: Clock): StreamSink {
  const { response } = exchange;
  const body = new PiecewiseBody(response);
  return {
    begin: (head) => {
      exchange.firstTokenMs = Math.round(clock.monotonicMs() - exchange.beganMs);
      exchange.answerBegan();
      if (exchange.clientGone) return;
      exchange.committed = true;
      response.writeHead(200, { ...answerHeaders(exchange, head), 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
    },
    write: (chunk) => {
      exchange.capture?.add(chunk);
      return exchange.clientGone || body.write(chunk);
    },
    // A client that leaves while we wait for it must not leave the upstream paused.
    onRelieved: (resume) => body.onRelieved(resume),
  };
}

/** The last bytes, once the call is settled: a whole answer, the end of a stream, or the error the client has to be told. */
export function finish(exchange: Exchange, end: AttemptEnd): void {
  const { response, dialect } = exchange;
  if (exchange.clientGone) return;
  if (end.kind === 'whole') {
    exchange.committed = true;
    response.writeHead(200, { ...answerHeaders(exchange, end.answer), 'content-length': end.body.length });
    response.end(end.body);
  } else if (end.kind === 'failed') {
    const { error, answer } = end.failure;
    if (!answer) return sendError(exchange, error);
    response.writeHead(error.status, {
      ...commonHeaders(exchange),
      'content-type': answer.contentType,
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  } else {
    const error = streamError(end.end);
    const last = error ? [dialect.writeStreamError(error, exchange.id)] : end.tap.lastBytes();
    response.end(joined(last));
  }
}

/** What ended a stream early, in words for the client; null when the provider ended it itself, well or with an error event of its own. */
export function streamError(end: StreamEnding): AppError | null {
  switch (end) {
    case 'complete':
    case 'error':
      return null;
    case 'cut':
      return gatewayErrors.upstream_cut();
    case 'timeout':
      return gatewayErrors.upstream_timeout();
    case 'shutdown':
    case 'client_gone':
      return gatewayErrors.interrupted();
  }
}

/** Answers with an error in the client's dialect; inside the stream when it has begun. */
export function sendError(exchange: Exchange, error: AppError): void {
  const { response, dialect } = exchange;
  if (exchange.clientGone || response.writableEnded) return;
  if (exchange.committed) {
    response.end(dialect.writeStreamError(error, exchange.id));
    return;
  }
  const written = dialect.writeError(error, exchange.id);
  const status = (error.details.status as RateLimitStatus | undefined) ?? exchange.ticket?.status;
  answerAndClose(exchange.request, response, {
    ...written,
    headers: addRateLimits({ ...written.headers, [RETENTION_HEADER]: exchange.retention }, status),
  });
}

/** How long a client may go on sending a body that nobody wants. */
const LINGER_MS = 3_000;

/**
 * A whole answer, also to a request whose body was not read to its end. Then the connection is closed, so that no byte of it is taken for
 * the next request; but not before the client had time to read the answer: closing while it still sends would reset the connection and
 * take the answer away (RFC 9112 §9.6).
 */
export function answerAndClose(request: IncomingMessage, response: ServerResponse, answer: WrittenError): void {
  const unread = !request.complete && hasBody(request);
  const close = unread ? { connection: 'close' } : {};
  const headers = { ...answer.headers, ...close, 'x-content-type-options': 'nosniff', 'content-length': answer.body.length };
  response.writeHead(answer.status, headers);
  if (!unread) return void response.end(answer.body);
  response.write(answer.body);
  const timer = setTimeout(end, LINGER_MS);
  request.once('close', end);
  request.once('end', end);
  request.resume();

  function end(): void {
    clearTimeout(timer);
    response.end();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function answerHeaders(exchange: Exchange, head: UpstreamHead): Record<string, string | number> {
  const headers = commonHeaders(exchange);
  headers['content-type'] = head.headers['content-type'] ?? 'application/json';
  for (const name of RETURNED) {
    const value = head.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

function commonHeaders(exchange: Exchange): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'x-request-id': exchange.id,
    'x-content-type-options': 'nosniff',
    [RETENTION_HEADER]: exchange.retention,
  };
  return addRateLimits(headers, exchange.ticket?.status);
}

/** Adds the headers OpenAI's clients read. */
function addRateLimits(headers: Record<string, string | number>, status: RateLimitStatus | undefined): Record<string, string | number> {
  if (status?.requests) {
    headers['x-ratelimit-limit-requests'] = status.requests.limit;
    headers['x-ratelimit-remaining-requests'] = status.requests.remaining;
    headers['x-ratelimit-reset-requests'] = `${status.requests.resetSeconds}s`;
  }
  if (status?.tokens) {
    headers['x-ratelimit-limit-tokens'] = status.tokens.limit;
    headers['x-ratelimit-remaining-tokens'] = status.tokens.remaining;
    headers['x-ratelimit-reset-tokens'] = `${status.tokens.resetSeconds}s`;
  }
  return headers;
}
