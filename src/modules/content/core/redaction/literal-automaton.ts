const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789-_.:/=$!~+{}\'"(,<[ @%*|\\';
/** A row of the table is two lines of the processor's cache, and its place a shift. */
const SHIFT = 6;
const WIDTH = 1 << SHIFT;

const MOST_STATES = 32_768;

/** Which column of the table an ASCII character has; letters without regard to case, 0 for everything no literal contains. */
const COLUMN = new Uint8Array(128);
for (const [index, character] of ALPHABET.split('').entries()) {
  COLUMN[character.charCodeAt(0)] = index + 1;
  COLUMN[character.toUpperCase().charCodeAt(0)] = index + 1;
}

/** Told of every occurrence: by which literal, and where it ends. */
export interface LiteralVisitor {
  literal(literal: number, end: number): void;
}

/**
 * Finds hundreds of literals in one pass: the automaton of Aho and Corasick (1975), its failure links folded into one table. Every
 * character costs one look-up, whatever the text, so the search is linear in the worst case. Case is not regarded.
 */
export class LiteralAutomaton {
  private readonly next: Uint16Array;
  private readonly found: readonly (readonly number[])[];

  constructor(literals: readonly string[]) {
    const children: Map<number, number>[] = [new Map()];
    const found: number[][] = [[]];
    for (const [index, literal] of literals.entries()) {
      let state = 0;
      for (const character of literal) {
        const column = COLUMN[character.charCodeAt(0)] ?? 0;
        if (column === 0) throw new RangeError(`no literal may have the character ${JSON.stringify(character)}: ${literal}`);
        let child = children[state]?.get(column);
        if (child === undefined) {
          child = children.length;
          children.push(new Map());
          found.push([]);
          children[state]?.set(column, child);
        }
        state = child;
      }
      found[state]?.push(index);
    }
    if (children.length > MOST_STATES) throw new RangeError('too many literals for one table');
    this.next = linked(children, found);
    this.found = found;
  }

  scan(text: string, visitor: LiteralVisitor): void {
    const { next, found } = this;
    const length = text.length;
    let entry = 0;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      entry = next[((entry >> 1) << SHIFT) + (code < 128 ? (COLUMN[code] as number) : 0)] as number;
      if ((entry & 1) === 1) for (const literal of found[entry >> 1] as readonly number[]) visitor.literal(literal, index + 1);
    }
  }
}

/** The full table, breadth first, so that the state a state falls back to is always finished before it is needed. */
function linked(children: readonly ReadonlyMap<number, number>[], found: number[][]): Uint16Array {
  const next = new Uint16Array(children.length * WIDTH);
  const fallback = new Uint16Array(children.length);
  const queue = [0];
  for (const state of queue) {
    for (let column = 0; column < WIDTH; column++) {
      const child = column === 0 ? undefined : children[state]?.get(column);
      const behind = state === 0 ? 0 : (next[(fallback[state] ?? 0) * WIDTH + column] ?? 0);
      next[state * WIDTH + column] = child ?? behind;
      if (child === undefined) continue;
      fallback[child] = behind;
      found[child]?.push(...(found[behind] ?? []));
      queue.push(child);
    }
  }
  // The lowest bit of an entry says whether anything ends in its state, which saves a second look-up for every character.
  return next.map((state) => state * 2 + ((found[state]?.length ?? 0) > 0 ? 1 : 0));
}
