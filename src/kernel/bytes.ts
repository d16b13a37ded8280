/**
 * A copy in memory of its own, for bytes that stay. A copy in Node's pool would keep the whole of its slab for as long as it lives, and the
 * bytes themselves may be part of something larger or be about to be written over.
 */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
