import { createHmac } from 'node:crypto';

/**
 * The token a page sends back with every request that changes something. It is derived from the session's secret, so nothing is stored, it changes
 * whenever that does, and whoever can only make a browser send its cookie does not know it.
 */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('lethe csrf v1').digest('base64url');
}
