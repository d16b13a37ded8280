import { assert } from '../../kernel/assert.js';

/** What one part of the blob store is for. */
export interface BlobPrefix {
  /** The first segment of its keys, such as `backups`. */
  readonly prefix: string;
  readonly description: string;
}

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** S3 allows 1,024 bytes with the bucket's own prefix; a file system some 4,096 for a whole path. */
const LONGEST_KEY = 512;

const declared = new Map<string, BlobPrefix>();

/** Declares a part of the blob store. A key outside every declared part is refused, so that nothing is kept that nobody answers for (D1). */
export function declareBlobPrefix(part: BlobPrefix): BlobPrefix {
  assert(SEGMENT.test(part.prefix), `"${part.prefix}" is no prefix: letters, digits, . _ and -`);
  declared.set(part.prefix, part);
  return part;
}

/** All parts declared by the code loaded so far, by name. */
export function declaredBlobPrefixes(): BlobPrefix[] {
  return [...declared.values()].sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

/**
 * Stops at a key that Lethe would never make: two segments at least, of letters, digits, `.`, `_` and `-`, none beginning with a dot, the first
 * a declared prefix. So no key leaves the folder it belongs to, whatever it was put together from.
 */
export function requireBlobKey(key: string): string {
  const segments = key.split('/');
  assert(key.length <= LONGEST_KEY && segments.length > 1 && segments.every((segment) => SEGMENT.test(segment)), 'not a blob key');
  assert(declared.has(segments[0] ?? ''), `no part of the blob store is declared as "${segments[0] ?? ''}"`);
  return key;
}

/** The same for what `list` is asked for: a declared prefix, with `/` and the beginning of a key behind it or not. */
export function requireBlobPrefix(prefix: string): string {
  const [first = '', ...rest] = prefix.split('/');
  const between = rest.slice(0, -1);
  const last = rest.at(-1) ?? '';
  assert(prefix.length <= LONGEST_KEY && [...between, last || 'a'].every((segment) => SEGMENT.test(segment)), 'not a blob prefix');
  assert(declared.has(first), `no part of the blob store is declared as "${first}"`);
  return prefix;
}
