import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What a secret begins with: says what it is to people, and to scanners that look for leaked ones. */
export type SecretPrefix = 'lethe_sk_' | 'lethe_op_';

export const API_KEY_PREFIX = 'lethe_sk_' satisfies SecretPrefix;
export const OPERATOR_TOKEN_PREFIX = 'lethe_op_' satisfies SecretPrefix;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 base-62 digits hold 256 bits. */
const RANDOM_DIGITS = 43;
/** 6 base-62 digits hold a CRC-32. */
const CHECKSUM_DIGITS = 6;
const HINT_LENGTH = 4;
/** A secret without its prefix. */
const BODY = /^[0-9A-Za-z]{49}$/;

/**
 * A new secret: the prefix, 256 random bits in base 62, and the CRC-32 of both. The checksum keeps no secret; it lets a typing error or
 * plain garbage be refused without a look-up.
 */
export function issueSecret(prefix: SecretPrefix): string {
  const random = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), RANDOM_DIGITS);
  return random + checksum(random);
}

/** Whether `text` is as long as a secret of this kind and begins like one. Cheap, for the path of every call. */
export function hasSecretShape(text: string, prefix: SecretPrefix): boolean {
  return text.length === prefix.length + RANDOM_DIGITS + CHECKSUM_DIGITS && text.startsWith(prefix);
}

/** Whether `text` is a secret of this kind that somebody may have issued: shape, alphabet and checksum. */
export function isIssuable(text: string, prefix: SecretPrefix): boolean {
  if (!hasSecretShape(text, prefix) || !BODY.test(text.slice(prefix.length))) return false;
  return text.endsWith(checksum(text.slice(0, -CHECKSUM_DIGITS)));
}

/** The end of a secret, by which people tell theirs apart. */
export function hintOf(secret: string): string {
  return secret.slice(-HINT_LENGTH);
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_DIGITS);
}

function base62(value: bigint, digits: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = (ALPHABET[Number(rest % 62n)] ?? '') + text;
  return text.padStart(digits, '0');
}
