import { joined } from '../../../kernel/bytes.js';
import type { Exchange } from '../exchange.js';
import { gatewayErrors } from '../gateway.errors.js';
import { asksForNothing, RETENTION_HEADER } from './keep.js';

export interface ReceiveLimits {
  readonly maxBodyBytes: number;
  readonly bodyMs: number;
}

/** OpenAI's API reference, "Debugging requests": ASCII, at most 512 characters. */
const CLIENT_REQUEST_ID = /^[\x21-\x7e]{1,512}$/;

/**
 * Takes the body in, as bytes, and reads from it only what routing and metering need. Raises `gateway/body_too_large`,
 * `gateway/body_timeout`, `gateway/unsupported_media_type`, and `lethe/invalid_request` that names the field.
 */
export async function receive(exchange: Exchange, limits: ReceiveLimits): Promise<void> {
  const { headers } = exchange.request;
  const type = headers['content-type'] ?? '';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!/^application\/json[ \t]*(?:;|$)/i.test(type) || encoding !== 'identity') throw gatewayErrors.unsupported_media_type();
  const keepNothing = asksForNothing(headers[RETENTION_HEADER]);
  if (Number(headers['content-length'] ?? 0) > limits.maxBodyBytes) throw tooLarge(limits);
  const pieces: Buffer[] = [];
  await collect(exchange, pieces, limits);
  // Taken out: the listeners, and the promise they settled, stay as long as the request does.
  const body = joined(pieces.splice(0));
  const named = headers['x-client-request-id'];
  exchange.received = {
    body,
    read: exchange.dialect.readRequest(body),
    clientRequestId: typeof named === 'string' && CLIENT_REQUEST_ID.test(named) ? named : null,
    keepNothing,
  };
}

/** Raises what {@link receive} does of a body that is too large or too slow. */
function collect(exchange: Exchange, pieces: Buffer[], limits: ReceiveLimits): Promise<void> {
  const { request } = exchange;
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const timer = setTimeout(() => fail(gatewayErrors.body_timeout()), limits.bodyMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      request.resume();
      reject(error);
    };
    // A stop does not wait for a client that sends slowly.
    exchange.waitingFor = {
      cancel: ({ reason }) =>
        fail(reason === 'shutdown' ? gatewayErrors.shutting_down({ details: { retryAfterSeconds: 1 } }) : gatewayErrors.body_timeout()),
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.maxBodyBytes) return fail(tooLarge(limits));
      pieces.push(chunk);
    });
    request.on('end', () => {
      clearTimeout(timer);
      exchange.waitingFor = null;
      resolve();
    });
    // The client went away in the middle of its own request: nobody is left to answer.
    request.on('error', fail);
    request.on('close', () => {
      if (!request.complete) fail(gatewayErrors.body_timeout());
    });
  });
}

function tooLarge(limits: ReceiveLimits): Error {
  return gatewayErrors.body_too_large({ details: { maxBytes: limits.maxBodyBytes } });
}
