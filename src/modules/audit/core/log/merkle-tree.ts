import { hash } from 'node:crypto';

/** A SHA-256 hash, in bytes. */
export const HASH_BYTES = 32;

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The root of a tree without leaves (RFC 6962 §2.1). */
export const EMPTY_ROOT = sha256();

export function hashLeaf(data: Uint8Array): Buffer {
  return sha256(LEAF, data);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right);
}

/** The leaves `from` to before `to`, whose joint hash a proof names. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** A complete subtree: `2 ** level` leaves, the `index`-th of its size. Its hash never changes once the leaves are there. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** The audit path of a leaf in a tree of `size` leaves, from the leaf up (RFC 6962 §2.1.1). `index` is below `size`. */
export function inclusionPath(index: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      path.push({ from: middle, to });
      to = middle;
    } else {
      path.push({ from, to: middle });
      from = middle;
    }
  }
  return path.reverse();
}

/** What shows that a tree of `size` leaves begins with the tree of `older` leaves (RFC 6962 §2.1.2). Empty when there is nothing to show. */
export function consistencyPath(older: number, size: number): LeafRange[] {
  if (older === 0 || older === size) return [];
  const path: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to !== older) {
    const middle = from + largestPowerBelow(to - from);
    if (older <= middle) {
      path.push({ from: middle, to });
      to = middle;
    } else {
      path.push({ from, to: middle });
      from = middle;
    }
  }
  // The older tree itself is known to whoever asks; only a part of it has to be named.
  if (from > 0) path.push({ from, to });
  return path.reverse();
}

/** A range of a proof as complete subtrees, left to right; hashed together from the right they give the range's hash. */
export function completeSubtrees({ from, to }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let at = from;
  while (at < to) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level += 1;
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/** The largest power of two below `count`, which is at least 2. Counts go beyond what bit operators hold. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}
