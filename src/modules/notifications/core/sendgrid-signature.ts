import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** How far the signed moment may lie from now, either way: an old event that was captured is not taken again. */
const TOLERANCE_SECONDS = 600;

/** What came with an event. */
export interface SignedEvent {
  /** `X-Twilio-Email-Event-Webhook-Timestamp`, seconds since the epoch. */
  readonly timestamp: string | undefined;
  /** `X-Twilio-Email-Event-Webhook-Signature`, base64 of a DER-encoded ECDSA signature. */
  readonly signature: string | undefined;
  /** Byte for byte: SendGrid's JSON ends its lines with CRLF, and they are signed too. */
  readonly body: Buffer;
}

/** The public key as SendGrid shows it: base64 of a DER `SubjectPublicKeyInfo` of P-256. Null when it is none. */
export function sendgridKey(base64: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    return null;
  }
}

/** Whether SendGrid signed this body, a moment ago (Event Webhook, "Security features": ECDSA with SHA-256 over timestamp and body). */
export function isSignedBySendgrid(key: KeyObject, { timestamp, signature, body }: SignedEvent, nowMs: number): boolean {
  if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp) || signature.length > 200) return false;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  return verify(
    'sha256',
    Buffer.concat([Buffer.from(timestamp, 'utf8'), body]),
    { key, dsaEncoding: 'der' },
    Buffer.from(signature, 'base64'),
  );
}
