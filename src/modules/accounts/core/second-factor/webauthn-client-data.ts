/** What a browser says of a ceremony (WebAuthn §5.8.1), the parts that are looked at before its signature is. */
interface ClientData {
  readonly challenge?: unknown;
  readonly crossOrigin?: unknown;
  readonly topOrigin?: unknown;
}

/** Throws when it is no JSON. */
function read(clientDataJSON: string): ClientData {
  return JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as ClientData;
}

/** The challenge an answer claims to be for, base64url; null when it cannot be read. It proves nothing yet: the signature covers it. */
export function claimedChallenge(clientDataJSON: string): string | null {
  try {
    const { challenge } = read(clientDataJSON);
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

/** Throws when the ceremony was held in a frame on somebody else's page: there is no such page (WebAuthn §13.4.2). */
export function requireOwnPage(clientDataJSON: string): void {
  const { crossOrigin, topOrigin } = read(clientDataJSON);
  if (crossOrigin === true || topOrigin !== undefined) throw new Error('the ceremony was held in a frame of another site');
}
