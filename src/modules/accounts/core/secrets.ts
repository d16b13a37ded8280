import { createHmac, hash, randomBytes } from 'node:crypto';

/** 32 random bytes in base64url. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits, for a session, a mailed link or the browser that asked for one. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether `text` can be one of {@link newSecret}'s: garbage costs no look-up. */
export function isSecretShaped(text: string): boolean {
  return SHAPE.test(text);
}

/** SHA-256, what is kept of a secret. With 256 bits of entropy a slow hash would add nothing. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/**
 * The token a page sends back with every request that changes something. It is derived from the session's secret, so nothing is stored, it changes
 * whenever that does, and whoever can only make a browser send its cookie does not know it.
 */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('lethe csrf v1').digest('base64url');
}
