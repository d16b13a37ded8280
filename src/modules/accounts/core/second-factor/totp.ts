import { randomBytes } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';

/** 160 bits, as RFC 4226 §4 recommends. */
const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;
/** SHA-1 and six digits: what every authenticator app knows. Several ignore the parameters and assume these. */
const ALGORITHM = 'SHA1';
const DIGITS = 6;
/** ASCII only: the library compares bytes and throws on others. */
const CODE = /^[0-9]{6}$/;
/** Steps a code may be early or late: a phone's clock drifts, and typing takes time (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;

/** A new shared secret. The caller overwrites it after use. */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** What an app is shown as a QR code (the `otpauth` key URI format), and the same secret in base 32 for typing. */
export function totpEnrolment(
  secret: Buffer,
  shownAs: { readonly issuer: string; readonly label: string },
): { readonly uri: string; readonly secret: string } {
  // A colon separates the two in the URI, escaped or not.
  const [issuer, label] = [shownAs.issuer, shownAs.label].map((name) => name.replaceAll(':', ' '));
  const totp = new TOTP({ issuer, label, secret: secretOf(secret), algorithm: ALGORITHM, digits: DIGITS, period: PERIOD_SECONDS });
  return { uri: totp.toString(), secret: totp.secret.base32 };
}

/**
 * The time step whose code this is, out of the current one and one to either side; null for a wrong code. Whether that step was used before is
 * for the caller to refuse: a code is good once (RFC 6238 §5.2).
 */
export function stepOfCode(secret: Buffer, code: string, nowMs: number): number | null {
  if (!CODE.test(code)) return null;
  const counter = stepAt(nowMs);
  const delta = HOTP.validate({
    token: code,
    secret: secretOf(secret),
    algorithm: ALGORITHM,
    digits: DIGITS,
    counter,
    window: DRIFT_STEPS,
  });
  return delta === null ? null : counter + delta;
}

/** Time steps since the epoch (RFC 6238 §4.2). */
export function stepAt(nowMs: number): number {
  return Math.floor(nowMs / (PERIOD_SECONDS * 1_000));
}

function secretOf(bytes: Buffer): Secret {
  // Its own copy: a small Buffer shares its memory with others.
  return new Secret({ buffer: Uint8Array.from(bytes).buffer });
}
