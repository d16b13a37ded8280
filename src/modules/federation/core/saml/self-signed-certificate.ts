import { createPublicKey, createSign, randomBytes } from 'node:crypto';

/** DER of the object identifiers a certificate of ours names (RFC 5280, RFC 8017). */
const SHA256_WITH_RSA = Buffer.from('06092a864886f70d01010b', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const NULL = Buffer.from([0x05, 0x00]);
const SERIAL_BYTES = 16;

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** `[0] EXPLICIT`, which the version stands in. */
const VERSION_TAG = 0xa0;
const VERSION_3 = Buffer.from([0x02, 0x01, 0x02]);

/**
 * A certificate for a key of our own, in DER: the form in which identity providers take the key our requests are signed with. It certifies
 * nothing; whoever registers it trusts where they got it from.
 */
export function selfSignedCertificate(
  privateKeyPem: string,
  { commonName, from, until }: { readonly commonName: string; readonly from: Date; readonly until: Date },
): Buffer {
  const publicKey = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  const algorithm = der(SEQUENCE, SHA256_WITH_RSA, NULL);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
  const validity = der(SEQUENCE, time(from), time(until));
  // The first bit is cleared, or the number would be negative; the second set, or it might begin with a zero.
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = der(SEQUENCE, der(VERSION_TAG, VERSION_3), der(INTEGER, serial), algorithm, name, validity, name, publicKey);
  const signature = createSign('RSA-SHA256').update(body).sign(privateKeyPem);
  return der(SEQUENCE, body, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
}

function time(date: Date): Buffer {
  // X.509 wants two-digit years before 2050 (RFC 5280 §4.1.2.5).
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050 ? der(UTC_TIME, Buffer.from(digits.slice(2))) : der(GENERALIZED_TIME, Buffer.from(digits));
}

/** Tag, length, value (X.690 §8.1). */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length = Buffer.from(value.length.toString(16).padStart(value.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value]);
}
