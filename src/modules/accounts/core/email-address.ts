import { domainToASCII } from 'node:url';
import { mixesScripts } from './mixed-scripts.js';

/** RFC 5321 §4.5.3.1, in octets. */
const LOCAL_OCTETS = 64;
const ADDRESS_OCTETS = 254;
/** RFC 5322 `dot-atom` with the letters of RFC 6531: no quotes, no comments, nothing that could begin a header. */
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** An e-mail address as its owner wrote it, and as it is compared. */
export interface EmailAddress {
  readonly written: string;
  /** NFKC, lower case, the domain in punycode (UTS #46): two spellings of one mailbox are the same text. */
  readonly normal: string;
}

/** What is wrong with an address, as a sentence that follows the field's name; or the address. Never repeats it. */
export function readEmailAddress(text: string): EmailAddress | { readonly problem: string } {
  const written = text.trim();
  // Bounded before anything is computed: compatibility forms may be many times longer.
  if (written.length > ADDRESS_OCTETS) return { problem: `must have at most ${ADDRESS_OCTETS} octets` };
  const plain = written.normalize('NFKC').toLowerCase().normalize('NFKC');
  const at = plain.lastIndexOf('@');
  const local = plain.slice(0, Math.max(at, 0));
  const domain = domainToASCII(plain.slice(at + 1));
  if (at < 1 || !LOCAL.test(local) || !DOMAIN.test(domain)) return { problem: 'must be an e-mail address, such as "kim@example.com"' };
  if (octets(local) > LOCAL_OCTETS) return { problem: `must have at most ${LOCAL_OCTETS} octets before the @` };
  const normal = `${local}@${domain}`;
  if (octets(normal) > ADDRESS_OCTETS || octets(written) > ADDRESS_OCTETS) return { problem: `must have at most ${ADDRESS_OCTETS} octets` };
  const labels = plain.slice(at + 1).split('.');
  if ([local, ...labels].some(mixesScripts)) {
    return { problem: 'must not mix letters of different scripts, which could be taken for another address' };
  }
  return { written, normal };
}

function octets(text: string): number {
  return Buffer.byteLength(text);
}
