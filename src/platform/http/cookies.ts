import type { IncomingHttpHeaders } from 'node:http';

/** Every cookie Lethe sets (A5). `__Host-` binds them to this very host, to TLS and to the whole of it (RFC 6265bis §4.1.3). */
export const SESSION_COOKIE = '__Host-lethe_session';
/** Ties a mailed link to the browser that asked for it; goes when the link is used or after an hour. */
export const BROWSER_COOKIE = '__Host-lethe_browser';

type CookieName = typeof SESSION_COOKIE | typeof BROWSER_COOKIE;

const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** The value of a cookie; undefined when it is not there, and when it is there twice: then somebody has planted one. */
export function readCookie(headers: IncomingHttpHeaders, name: CookieName): string | undefined {
  const values = (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined;
}

/** A `Set-Cookie` line. Without `maxAgeSeconds` the cookie goes when the browser closes. */
export function setCookie(name: CookieName, value: string, maxAgeSeconds: number | null): string {
  return `${name}=${value}; ${ATTRIBUTES}${maxAgeSeconds === null ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`}`;
}

/** A `Set-Cookie` line that takes the cookie away. */
export function clearCookie(name: CookieName): string {
  return setCookie(name, '', 0);
}
