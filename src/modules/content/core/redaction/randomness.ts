/**
 * Which letter may follow which in an English word or an identifier: the pairs that make up at least 0.04 % of those in the words
 * of technical documentation. A random string keeps to them by chance only.
 */
const FOLLOWERS: readonly string[] = [
  'bcdfgiklmnprstuvwy',
  'aceilorsu',
  'acehiklorstuy',
  'adegilmorsuy',
  'abcdefghilmnopqrstuvwxy',
  'aefilortuy',
  'aeghilnorsu',
  'aeiortu',
  'abcdefglmnoprstvxz',
  'eosau',
  'eisy',
  'adeilopstuy',
  'abeilmopsu',
  'acdefgiklnostuvy',
  'abcdfgijklmnoprstuvw',
  'aehiloprstuy',
  'u',
  'acdefgiklmnoprstuvy',
  'acefhiklmopqstuwy',
  'acehiloprstuyw',
  'abcdegilmnprst',
  'aeio',
  'aehinorsi',
  'aceipt',
  'einopst',
  'eao',
];

const FOLLOWS = new Uint8Array(26 * 26);
for (const [first, followers] of FOLLOWERS.entries()) {
  for (const follower of followers) FOLLOWS[first * 26 + follower.charCodeAt(0) - 97] = 1;
}

const VOWEL = /[aeiouy]/i;
const PIECES = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g;
const HEXADECIMAL = /^[0-9a-f]+$/i;
/** Longer values are judged by their beginning. */
const JUDGED = 160;

/** Whether letters look like a word or an abbreviation a person would write. */
function isWordLike(letters: string): boolean {
  if (letters.length < 3) return false;
  const lower = letters.toLowerCase();
  let usual = 0;
  for (let index = 1; index < lower.length; index++) {
    usual += FOLLOWS[(lower.charCodeAt(index - 1) - 97) * 26 + lower.charCodeAt(index) - 97] ?? 0;
  }
  return VOWEL.test(lower) && usual >= (lower.length - 1) * 0.8;
}

/**
 * Whether a value looks drawn by chance, as keys and tokens are, and not written by a person: at least `minimum` letters and digits,
 * the smaller part of them in pronounceable pieces. Alphabets and counted-up digits are not random either.
 */
export function looksRandom(value: string, minimum: number): boolean {
  const judged = value.length > JUDGED ? value.slice(0, JUDGED) : value;
  const compact = judged.replace(/[^A-Za-z0-9]/g, '');
  if (compact.length < minimum || isMonotonous(compact)) return false;
  if (compact.length >= 16 && HEXADECIMAL.test(compact)) return /\d/.test(compact) && /[a-f]/i.test(compact);
  let wordy = 0;
  let digits = 0;
  let changes = 0;
  for (const [piece] of judged.matchAll(PIECES)) {
    changes++;
    if (piece.charCodeAt(0) <= 57) digits += piece.length;
    else if (piece.length >= 3 && isWordLike(piece)) wordy += piece.length;
  }
  if (digits > 0 && interleaved(compact) >= 4 && wordy <= compact.length * 0.7) return true;
  const letters = compact.length - digits;
  if (letters === 0) return false;
  if (digits === 0 && changes === 1) return wordy === 0 && compact.length >= 12;
  // One digit or two in a long run of letters that nobody could pronounce.
  if (digits > 0 && changes <= 3 && wordy === 0 && compact.length >= 18) return true;
  return wordy <= compact.length * 0.45 && (digits >= 2 || changes >= compact.length / 5);
}

/** How often letters and digits change places. Names have a number at their end; chance puts them anywhere. */
function interleaved(value: string): number {
  return value.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/g)?.length ?? 0;
}

/** Few different characters, or one after the other as in an alphabet. */
function isMonotonous(value: string): boolean {
  const different = new Set(value).size;
  if (different <= 3 || (value.length >= 24 && different <= 5)) return true;
  let successive = 0;
  for (let index = 1; index < value.length; index++) if (value.charCodeAt(index) - value.charCodeAt(index - 1) === 1) successive++;
  return successive > value.length * 0.6;
}

const SIMPLE_WORD = /^\p{L}[\p{L}'’]*[.,;:!?]*$/u;
const NOT_A_PASSWORD =
  /^(?:\d+(?:[.,:/-]\d+)*[a-z]{0,3}|v\d[\d.]*\w{0,4}|[a-z]+-?\d|\d+[a-z]+|\p{L}+[-/]\p{L}+|(?:base|utf-?|sha-?|aes-?|md|ed)\d+-[a-z]+|https?:.*|\/.*|[a-z]+\/\d+(?:\.\d+)*)[.,;:!?)]*$/iu;

/** Whether a piece of prose looks like a password: several kinds of characters in one piece, and no number, date, version, path or word. */
export function looksLikePassword(value: string): boolean {
  if (
    value.length < 6 ||
    value.length > 128 ||
    !/[A-Za-z]/.test(value) ||
    /^\w+=$/.test(value) ||
    SIMPLE_WORD.test(value) ||
    NOT_A_PASSWORD.test(value)
  )
    return false;
  const kinds =
    Number(/[a-z]/.test(value)) + Number(/[A-Z]/.test(value)) + Number(/\d/.test(value)) + Number(/[^A-Za-z0-9.,:;'’/_()-]/.test(value));
  return kinds >= 2 && (/\d/.test(value) || /[^A-Za-z0-9.,:;'’/_()-]/.test(value));
}
