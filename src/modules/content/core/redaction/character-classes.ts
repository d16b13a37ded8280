/** Classes of ASCII characters, as bits. Everything above 127 is none of them unless a function says otherwise. */
const WORD = 1;
const DOTTED = 2;
const ANY = 4;
const NAME = 8;
const BASE64 = 16;
const SPACE = 32;
const ALPHANUMERIC = 64;
const ADDRESS = 128;

const CLASSES = new Uint8Array(128);
const mark = (bits: number, characters: string): void => {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = (CLASSES[character.charCodeAt(0)] ?? 0) | bits;
};
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
mark(WORD | DOTTED | ANY | NAME | BASE64 | ALPHANUMERIC, LETTERS);
mark(WORD | DOTTED | ANY | NAME | BASE64, '_-');
mark(DOTTED | ANY | NAME, '.');
mark(ANY, '~+/=:');
mark(BASE64, '+/');
/** What tokens, paths and addresses are made of. */
mark(ADDRESS, `${LETTERS}_-+/=.:|!~%@`);
mark(SPACE, ' \t\r\n');

const BIT = {
  word: WORD,
  dotted: DOTTED,
  any: ANY,
  name: NAME,
  base64: BASE64,
  address: ADDRESS,
  space: SPACE,
  alphanumeric: ALPHANUMERIC,
} as const;
export type CharacterClass = keyof typeof BIT;

export function isIn(text: string, index: number, characters: CharacterClass): boolean {
  const code = text.charCodeAt(index);
  return code < 128 && ((CLASSES[code] as number) & BIT[characters]) !== 0;
}

/** Where the run of such characters that begins at `start` ends, at most `longest` on. */
export function endOfRun(text: string, start: number, characters: CharacterClass, longest: number): number {
  const bit = BIT[characters];
  const limit = Math.min(text.length, start + longest);
  let end = start;
  while (end < limit) {
    const code = text.charCodeAt(end);
    if (code >= 128 || ((CLASSES[code] as number) & bit) === 0) break;
    end++;
  }
  return end;
}

/** Where the run of such characters that ends at `end` begins, at most `longest` back. */
export function startOfRun(text: string, end: number, characters: CharacterClass, longest: number): number {
  const limit = Math.max(0, end - longest);
  let start = end;
  while (start > limit && isIn(text, start - 1, characters)) start--;
  return start;
}

/**
 * The runs of such characters that are at least `minimum` long. One of them must cover each `minimum`th character of the text, so only
 * those are looked at: prose has none, and is passed in large steps.
 */
export function longRuns(text: string, characters: CharacterClass, minimum: number, visit: (start: number, end: number) => void): void {
  let at = minimum - 1;
  let passed = 0;
  while (at < text.length) {
    if (isIn(text, at, characters)) {
      const start = startOfRun(text, at, characters, at - passed);
      const end = endOfRun(text, at, characters, text.length);
      if (end - start >= minimum) visit(start, end);
      passed = end;
      at = end;
    }
    at += minimum;
  }
}

/** Whether a word can begin here: nothing alphanumeric before, or the hexadecimal end of an escape such as `%2F`. */
export function isWordStart(text: string, index: number): boolean {
  if (index === 0) return true;
  if (!isIn(text, index - 1, 'alphanumeric')) return text.charCodeAt(index - 1) !== 95;
  return /%[0-9A-Fa-f]{2}$/.test(text.slice(Math.max(0, index - 3), index));
}
