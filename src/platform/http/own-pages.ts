import type { IncomingHttpHeaders } from 'node:http';
import { httpErrors } from './http.errors.js';

/**
 * Refuses what a browser says another site's page has sent (`http/cross_site`). `Sec-Fetch-Site` (Fetch Metadata) decides where it is sent, else
 * `Origin`; a client that sends neither is no browser, and nothing can make it send a cookie. `publicOrigin` is where people reach the
 * installation; the host a request names counts as well, as a page of another origin cannot choose it.
 */
export function requireOwnPage(headers: IncomingHttpHeaders, publicOrigin: string | undefined): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw httpErrors.cross_site();
  const { origin } = headers;
  if (origin === undefined) return;
  if (origin !== publicOrigin && hostOf(origin) !== headers.host) throw httpErrors.cross_site();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
