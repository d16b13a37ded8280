import type { IncomingMessage } from 'node:http';
import type { ServiceKeyPrincipal } from '../../../platform/http/principal.js';
import type { KeyAuthenticator } from '../../auth/auth.contract.js';
import type { Exchange } from '../exchange.js';
import { gatewayErrors } from '../gateway.errors.js';

/**
 * Key → principal, from memory. Comes before the body is read: a stranger cannot make the gateway take one in. Raises the errors of
 * `KeyAuthenticator`, and `gateway/scope_missing` for a key whose scopes do not include calling models.
 */
export function authenticate(exchange: Exchange, keys: KeyAuthenticator, remoteAddress: string): Promise<void> | void {
  const found = keys.authenticate(bearerToken(exchange.request), remoteAddress);
  if (found instanceof Promise) return found.then((principal) => accept(exchange, principal));
  accept(exchange, found);
}

function accept(exchange: Exchange, principal: ServiceKeyPrincipal): void {
  if (!principal.permissions.has('inference:invoke')) throw gatewayErrors.scope_missing();
  exchange.principal = principal;
}

/** The bearer token of `Authorization` (RFC 6750 §2.1); empty when there is none. */
export function bearerToken(request: IncomingMessage): string {
  const header = request.headers.authorization ?? '';
  return header.slice(0, 7).toLowerCase() === 'bearer ' ? header.slice(7).trim() : '';
}
