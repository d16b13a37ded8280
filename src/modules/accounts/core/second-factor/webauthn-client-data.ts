import { decodeClientDataJSON } from '@simplewebauthn/server/helpers';

/** The challenge an answer claims to be for, base64url; null when it cannot be read. It proves nothing yet: the signature covers it. */
export function claimedChallenge(clientDataJSON: string): string | null {
  try {
    const { challenge } = decodeClientDataJSON(clientDataJSON) as { challenge: unknown };
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

/** Throws when the ceremony was held in a frame on somebody else's page: there is no such page (WebAuthn §13.4.2). */
export function requireOwnPage(clientDataJSON: string): void {
  const { crossOrigin, topOrigin } = decodeClientDataJSON(clientDataJSON);
  if (crossOrigin === true || topOrigin !== undefined) throw new Error('the ceremony was held in a frame of another site');
}
