import { isWord } from './safe-values.js';

/** The value a label takes when what was given is not among those allowed. */
export const OTHER = 'other';

/**
 * Bounds one label: values come from an allow-list when there is one, are short words, and are at most `max` over the life
 * of the process. Everything else becomes `other`, so no client can grow the metrics or write into them (C1).
 */
export class BoundedLabel {
  private readonly seen = new Map<string, string>();
  private allowed: ReadonlySet<string> | undefined;

  /** With `closed`, nothing passes until {@link allow} names it. */
  constructor(
    private readonly max: number,
    closed: boolean,
  ) {
    if (closed) this.allowed = new Set();
  }

  /** Replaces the allow-list. */
  allow(values: Iterable<string>): void {
    this.allowed = new Set(values);
  }

  of(value: string | undefined): string {
    if (value === undefined) return '';
    if (this.allowed !== undefined && !this.allowed.has(value)) return OTHER;
    const known = this.seen.get(value);
    if (known !== undefined) return known;
    if (this.seen.size >= this.max || !isWord(value)) return OTHER;
    this.seen.set(value, value);
    return value;
  }
}
