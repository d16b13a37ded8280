/** Letters that digits and signs stand for in passwords. */
const STAND_INS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
};
/** A common password stays one with so many characters around it. */
const MAX_ADDED = 5;
const SHORTEST_WORD = 4;
const FEWEST_DIFFERENT = 4;

let list: Promise<ReadonlySet<string>> | null = null;

/** The 49,233 most used passwords of past breaches (`@zxcvbn-ts/language-common`), read when the first password is chosen and not before. */
function frequentPasswords(): Promise<ReadonlySet<string>> {
  list ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common'] as readonly string[]));
  return list;
}

/** Whether a password is common, or a common one in disguise: other case, digits for letters, a few characters before or after. */
export async function isFrequentPassword(password: string): Promise<boolean> {
  const plain = password.normalize('NFKC').toLowerCase();
  if (new Set(plain).size < FEWEST_DIFFERENT || isSequence(plain)) return true;
  const common = await frequentPasswords();
  return [plain, core(plain), core(undisguised(plain)), undisguised(plain)].some(
    (word) =>
      common.has(word) && (word.length === plain.length || (word.length >= SHORTEST_WORD && plain.length - word.length <= MAX_ADDED)),
  );
}

/** What is left between digits and signs at either end. */
function core(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
}

function undisguised(text: string): string {
  return Array.from(text, (character) => STAND_INS[character] ?? character).join('');
}

/** `abcdefghij`, `9876543210`: each character next to the one before. */
function isSequence(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
