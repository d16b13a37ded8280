/**
 * What a wrapped key is bound to, as names and values. It is authenticated, not hidden: AWS writes it to CloudTrail, so it
 * holds ids and constants only. Start with a `purpose`, which keeps one use of the service from opening another's keys.
 */
export type KeyContext = Readonly<Record<string, string>>;

/** Each part behind its length (unsigned 32-bit, big-endian), so no two lists of parts give the same bytes. */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    pieces.push(length, bytes);
  }
  return Buffer.concat(pieces);
}

/** The context as associated data: length-prefixed names and values in the order of their names, behind a domain of their own. */
export function encodeKeyContext(context: KeyContext): Buffer {
  const entries = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return lengthPrefixed(['lethe/key-context/1', ...entries.flat()]);
}
