import type { FindingFamily, FindingSink } from './findings.ts';

/**
 * A text made from another by decoding or leaving out, with the way back: `origins` holds pairs (offset here, offset there), and
 * between two pairs the distance does not change.
 */
export interface View {
  readonly text: string;
  readonly origins: readonly number[];
}

/** Builds a view piece by piece. */
export class ViewBuilder {
  private readonly pieces: string[] = [];
  private readonly origins: number[] = [];
  private length = 0;

  /** `text` stands in the original at `origin` as it is. */
  copy(text: string, origin: number): void {
    if (text === '') return;
    this.origins.push(this.length, origin);
    this.pieces.push(text);
    this.length += text.length;
  }

  /** `text` stands for what the original has from `origin` to `until`. */
  decode(text: string, origin: number, until: number): void {
    this.copy(text, origin);
    this.origins.push(this.length, until);
  }

  build(): View {
    return { text: this.pieces.join(''), origins: this.origins };
  }
}

/** The original offset of an offset of the view. */
function originOf(view: View, offset: number): number {
  const { origins } = view;
  let low = 0;
  let high = origins.length / 2 - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((origins[middle * 2] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return (origins[low * 2 + 1] ?? 0) + offset - (origins[low * 2] ?? 0);
}

/** Takes findings of a view and gives them on by the offsets of the original. */
export class ViewSink implements FindingSink {
  constructor(view: View, outer: FindingSink) {
    this.view = view;
    this.outer = outer;
  }

  private readonly view: View;
  private readonly outer: FindingSink;

  add(start: number, end: number, family: FindingFamily, number = false): void {
    // The end of the last character that is cut, and not the beginning of the next: between them may be what was left out.
    this.outer.add(originOf(this.view, start), Math.max(originOf(this.view, end - 1) + 1, endOf(this.view, end)), family, number);
  }
}

/** Where what stands before `offset` ends in the original: the lowest origin recorded for that offset. */
function endOf(view: View, offset: number): number {
  const { origins } = view;
  let low = 0;
  let high = origins.length / 2 - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((origins[middle * 2] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return origins[low * 2] === offset ? (origins[low * 2 + 1] as number) : originOf(view, offset);
}
