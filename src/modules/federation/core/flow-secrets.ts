import { createHash, createHmac, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** What a flow through a provider sends: none of it is stored, all of it follows from what browser and address bar hold. */
export interface FlowSecrets {
  readonly state: string;
  /** PKCE (RFC 7636): 43 characters, 256 bits. */
  readonly codeVerifier: string;
  readonly nonce: string;
}

/** 256 random bits in base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && SECRET.test(text);
}

/** SHA-256, what is stored of a secret: with 256 bits of entropy a slow hash would add nothing. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * Verifier and nonce of the flow with this state in the browser that holds this secret. Derived rather than stored: the database holds nothing a
 * code could be redeemed with, and a callback in another browser cannot even be tried (ADR 0033).
 */
export function flowSecrets(browserSecret: string, state: string): FlowSecrets {
  const derive = (use: string): string =>
    createHmac('sha256', browserSecret).update(`lethe/federation/${use}/1:${state}`).digest('base64url');
  return { state, codeVerifier: derive('pkce'), nonce: derive('nonce') };
}
