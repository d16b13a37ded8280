import { hash, randomBytes } from 'node:crypto';

/** 32 random bytes in base64url. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits in base64url: for a session, a link, a token, or the browser that asked for one. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether `text` can be one of {@link newSecret}'s: garbage costs no look-up. */
export function isSecretShaped(text: unknown): text is string {
  return typeof text === 'string' && SHAPE.test(text);
}

/** SHA-256, what is kept of a secret. With 256 bits of entropy a slow hash would add nothing (K4). */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
