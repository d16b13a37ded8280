const MAX_LENGTH = 254;
/**
 * One bare address (RFC 5321 §4.5.3.1 gives the lengths). Neither part may hold white space, control characters or anything that separates
 * addresses, names or header fields; quoted local parts are refused with them. Letters of any script may (RFC 6531).
 */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[^\s@<>()[\]\\,;:"\p{C}]{1,253}$/u;

/** Whether mail can be addressed to `text` without it meaning anything else in a header or an SMTP command. */
export function isMailAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && ADDRESS.test(text);
}

/** `Example AI <no-reply@example.com>` taken apart. Without a name there is none. */
export function senderParts(sender: string): { readonly name: string | null; readonly address: string } {
  const [, name, address] = /^(.*\S)\s*<([^<>]+)>$/.exec(sender) ?? [];
  return name !== undefined && address !== undefined ? { name, address } : { name: null, address: sender };
}
