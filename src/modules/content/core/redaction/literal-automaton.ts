const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789-_.:/=$!~+{}\'"(,<[ @%*|\\';
const WIDTH = ALPHABET.length + 1;

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
  private readonly accepts: Uint8Array;

  constructor(literals: readonly string[]) {
    const children: Map<number, number>[] = [new Map()];
    const found: number[][] = [[]];
    for (const [index, literal] of literals.entries()) {
      let state = 0;
      for (const character of literal) {
        const column = COLUMN[character.charCodeAt(0)] ?? 0;
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
    this.next = linked(children, found);
    this.found = found;
    this.accepts = Uint8Array.from(found, (each) => (each.length > 0 ? 1 : 0));
  }

  scan(text: string, visitor: LiteralVisitor): void {
    const { next, accepts, found } = this;
    const length = text.length;
    let row = 0;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      const state = next[row + (code < 128 ? (COLUMN[code] as number) : 0)] as number;
      row = state * WIDTH;
      if (accepts[state] === 1) for (const literal of found[state] as readonly number[]) visitor.literal(literal, index + 1);
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
  return next;
}
