import { assert } from '../../../kernel/assert.js';

/** Two bytes, as an index. */
const BLOCKS = 65_536;
const NONE = -1;

/**
 * Looks for many byte strings at once, after S. Wu and U. Manber, "A fast algorithm for multi-pattern searching" (1994): the two bytes at the
 * end of a window as long as the shortest pattern tell how far the window may be moved, and most of the time that is by nearly its length.
 */
export class PatternSearch {
  readonly longest: number;
  private readonly window: number;
  private readonly shift = new Uint8Array(BLOCKS);
  /** The first pattern whose window ends in a block, and for each pattern the next such. */
  private readonly first = new Int32Array(BLOCKS).fill(NONE);
  private readonly next: Int32Array;

  constructor(private readonly patterns: readonly Buffer[]) {
    const lengths = patterns.map((pattern) => pattern.length);
    this.window = Math.min(...lengths, 255);
    this.longest = Math.max(...lengths);
    assert(patterns.length > 0 && this.window >= 4, 'patterns have four bytes or more');
    this.shift.fill(this.window - 1);
    this.next = new Int32Array(patterns.length).fill(NONE);
    patterns.forEach((pattern, index) => this.learn(pattern, index));
  }

  /** Calls `found` with the number of a pattern and where it begins, for each occurrence from `from` on. */
  search(haystack: Buffer, found: (pattern: number, at: number) => void, from = 0): void {
    const { shift, first, next, patterns, window } = this;
    const end = haystack.length;
    let at = from + window - 1;
    while (at < end) {
      const block = ((haystack[at - 1] as number) << 8) | (haystack[at] as number);
      const step = shift[block] as number;
      if (step > 0) {
        at += step;
        continue;
      }
      const start = at - window + 1;
      for (let index = first[block] as number; index !== NONE; index = next[index] as number) {
        if (standsAt(patterns[index] as Buffer, haystack, start)) found(index, start);
      }
      at += 1;
    }
  }

  private learn(pattern: Buffer, index: number): void {
    for (let end = 1; end < this.window; end += 1) {
      const block = ((pattern[end - 1] as number) << 8) | (pattern[end] as number);
      this.shift[block] = Math.min(this.shift[block] as number, this.window - 1 - end);
      if (end < this.window - 1) continue;
      this.next[index] = this.first[block] as number;
      this.first[block] = index;
    }
  }
}

function standsAt(pattern: Buffer, haystack: Buffer, start: number): boolean {
  if (start + pattern.length > haystack.length) return false;
  for (let index = 0; index < pattern.length; index += 1) {
    if (haystack[start + index] !== pattern[index]) return false;
  }
  return true;
}
