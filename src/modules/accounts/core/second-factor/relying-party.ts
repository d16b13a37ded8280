import { isIP } from 'node:net';
import { secondFactorErrors } from '../../second-factor.errors.js';

/** Who authenticators know us as (WebAuthn §4). Credentials are bound to `id`: they are worthless on any other site. */
export interface RelyingParty {
  /** The host name of the installation. Changing it makes every registered credential useless. */
  readonly id: string;
  readonly name: string;
  /** The only origin whose pages may hold a ceremony. */
  readonly origin: string;
}

/**
 * The relying party of the address people reach the installation under. Browsers want a name and TLS, except on this very machine, which
 * they know as `localhost` only. Raises `second_factors/webauthn_unavailable`.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty {
  const url = new URL(publicUrl);
  if (url.hostname === '127.0.0.1' || url.hostname === '[::1]') url.hostname = 'localhost';
  const { hostname, protocol, origin } = url;
  const isName = isIP(hostname) === 0 && !hostname.startsWith('[');
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (!isName || (protocol !== 'https:' && !isLocal)) throw secondFactorErrors.webauthn_unavailable();
  return { id: hostname, name: hostname, origin };
}
