import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorCatalogue } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { Settings } from '../platform/config/settings.js';
import { isLoopback, trustedPeerReader } from '../platform/http/client-address.js';
import { problemHeaders, toProblem } from '../platform/http/problem.js';
import { BARE_SECURITY_HEADERS } from '../platform/http/security-headers.js';
import type { Claim } from './http-server.js';

const transportErrors = errorCatalogue('transport', {
  tls_required: { status: 403, message: 'Use https. This gateway takes plain HTTP only from its own machine.' },
});

type Peer = 'this machine' | 'trusted proxy' | 'stranger';

/** Probes of orchestrators come in plain HTTP from anywhere and carry nothing. */
const PROBE = /^\/health\/(?:live|ready)$/;

/**
 * Answers what did not come over TLS, on the admin API and the data plane alike (S1). Lethe itself speaks plain HTTP: it is the trusted proxy in
 * front that says, with `X-Forwarded-Proto`, that the client used TLS. What comes from this machine needs no TLS, unless it says that it was
 * forwarded without. Null where plain HTTP is allowed: in development, and where the operator said so.
 */
export function plainHttpRefusal(settings: Settings): Claim | null {
  if (settings.environment === 'development' || settings.allowPlainHttp) return null;
  const peerOf = peerReader(settings.trustedProxies);
  return (request, response) => {
    if (PROBE.test(request.url ?? '')) return false;
    const said = request.headers['x-forwarded-proto'];
    const peer = peerOf(request.socket);
    if (peer === 'this machine' && said === undefined) return false;
    if (peer !== 'stranger' && isHttps(String(said ?? ''))) return false;
    refuse(request, response);
    return true;
  };
}

/** Who is at the other end of a connection. Read once for all its requests: a proxy sends thousands over each, and reading an address takes longer than the rest. */
function peerReader(trustedProxies: readonly string[]): (socket: Socket) => Peer {
  const isTrusted = trustedPeerReader(trustedProxies);
  const known = new WeakMap<Socket, Peer>();
  return (socket) => {
    const before = known.get(socket);
    if (before !== undefined) return before;
    const address = socket.remoteAddress ?? '';
    const peer = isLoopback(address) ? 'this machine' : isTrusted(address) ? 'trusted proxy' : 'stranger';
    known.set(socket, peer);
    return peer;
  };
}

/** Several proxies may each have added what they saw. */
function isHttps(said: string): boolean {
  return said.split(',').every((protocol) => protocol.trim().toLowerCase() === 'https');
}

/** A problem (RFC 9457) with OpenAI's `error` as an extension member, so that the clients of either side find the sentence. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  const error = transportErrors.tls_required();
  const requestId = newId();
  const inDialect = { message: error.publicMessage, type: 'invalid_request_error', param: null, code: 'tls_required' };
  const body = JSON.stringify({ ...toProblem(error, requestId), error: inDialect });
  response.writeHead(error.status, {
    ...BARE_SECURITY_HEADERS,
    ...problemHeaders(error),
    'x-request-id': requestId,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
  request.resume();
}
