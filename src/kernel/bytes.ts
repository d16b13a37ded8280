/**
 * A copy in memory of its own, for bytes that stay. A copy in Node's pool would keep the whole of its slab for as long as it lives, and the
 * bytes themselves may be part of something larger or be about to be written over.
 */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Pieces as one. A single one is not copied. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return pieces.length === 1 && first ? first : Buffer.concat(pieces);
}
