import { createHmac } from 'node:crypto';

/** What a flow through a provider sends: none of it is stored, all of it follows from what browser and address bar hold. */
export interface FlowSecrets {
  readonly state: string;
  /** PKCE (RFC 7636): 43 characters, 256 bits. */
  readonly codeVerifier: string;
  readonly nonce: string;
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
