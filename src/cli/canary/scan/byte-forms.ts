/** How a word may be written down: as it is, or as one of the things programs turn text into. */
export type FormName = 'plain' | 'upper case' | 'UTF-16' | 'base64' | 'hex' | 'URL-escaped' | 'JSON-escaped' | 'pglz' | 'bytes';

/** One way of writing a word, as the bytes to look for, and how to read on from there what stood behind the word. */
export interface ByteForm {
  readonly name: FormName;
  readonly bytes: Buffer;
  /** The `length` characters written behind the word, when `bytes` were found at `at`. Empty where that form does not tell. */
  readonly following: (haystack: Buffer, at: number, length: number) => string;
}

/** Shorter words have forms that chance would write. */
export const SHORTEST_WORD = 16;
/** A compressed value keeps eight characters together at most, so two such runs have to fit whatever the first one begins with. */
const PGLZ_RUN = 8;
const LONGEST_PGLZ_LEAD = PGLZ_RUN - 1;

/** The forms of a word of ASCII letters and digits. */
export function formsOf(word: string): ByteForm[] {
  const forms: ByteForm[] = [
    form('plain', Buffer.from(word), (bytes) => bytes.toString('latin1'), 1),
    // Without the last zero: so it is the middle of either byte order.
    form('UTF-16', Buffer.from(word, 'utf16le').subarray(0, -1), (bytes) => bytes.toString('latin1').replaceAll('\0', ''), 2),
    ...digitForms('hex', Buffer.from(word), ''),
    ...digitForms('URL-escaped', Buffer.from(word), '%'),
    ...digitForms('JSON-escaped', Buffer.from(word), String.raw`\u00`),
    ...[0, 1, 2].map((offset) => base64Form(word, offset)),
    ...pglzForms(word),
  ];
  const upper = word.toUpperCase();
  if (upper !== word) forms.push(form('upper case', Buffer.from(upper), (bytes) => bytes.toString('latin1').toLowerCase(), 1));
  return forms;
}

/** The forms of bytes that are not text, such as an address as the database stores it. */
export function formsOfBytes(name: FormName, bytes: Buffer): ByteForm[] {
  const base64 = [0, 1, 2].map((offset) => ({ name: 'base64' as const, bytes: base64Middle(bytes, offset).text, following: () => '' }));
  return [{ name, bytes, following: () => '' }, ...digitForms('hex', bytes, ''), ...base64];
}

/** `width`: bytes that a character takes in this form. */
function form(name: FormName, bytes: Buffer, read: (bytes: Buffer) => string, width: number): ByteForm {
  return {
    name,
    bytes,
    following: (haystack, at, length) => read(haystack.subarray(at + bytes.length, at + bytes.length + length * width)),
  };
}

/** Two hexadecimal digits for each byte, in either case, each pair behind `lead`. */
function digitForms(name: FormName, bytes: Buffer, lead: string): ByteForm[] {
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const texts = [pairs, pairs.map((pair) => pair.toUpperCase())].map((each) => each.map((pair) => lead + pair).join(''));
  const read = (written: Buffer): string => Buffer.from(written.toString('latin1').replaceAll(lead, ''), 'hex').toString('latin1');
  return [...new Set(texts)].map((text) => form(name, Buffer.from(text), read, lead.length + 2));
}

/**
 * Base64 writes three bytes in four characters, so a word has three looks, by where it begins in its group. What is looked for are the groups
 * that hold nothing but the word. Letters and digits never give one of the two characters in which the URL-safe alphabet differs.
 */
function base64Form(word: string, offset: number): ByteForm {
  const { text, skipped } = base64Middle(Buffer.from(word), offset);
  const wholeBytes = (text.length / 4) * 3;
  return {
    name: 'base64',
    bytes: text,
    following: (haystack, at, length) => {
      const tail = word.length - skipped - wholeBytes;
      const characters = Math.ceil((wholeBytes + tail + length) / 3) * 4;
      const decoded = Buffer.from(haystack.toString('latin1', at, at + characters), 'base64');
      return decoded.toString('latin1', wholeBytes + tail, wholeBytes + tail + length);
    },
  };
}

function base64Middle(bytes: Buffer, offset: number): { readonly text: Buffer; readonly skipped: number } {
  const skipped = (3 - offset) % 3;
  const whole = Math.floor((bytes.length - skipped) / 3) * 3;
  return { text: Buffer.from(bytes.subarray(skipped, skipped + whole).toString('base64')), skipped };
}

/**
 * PostgreSQL compresses long values, and the samples in its statistics, with pglz: a control byte stands before every eight items, and is zero
 * when all eight are characters written out. A word that occurs in a value for the first time is written out, but for those bytes. It is looked
 * for by two whole runs of eight and the control bytes before them, once for each number of characters that may come before the first run.
 */
function pglzForms(word: string): ByteForm[] {
  if (word.length < LONGEST_PGLZ_LEAD + 2 * PGLZ_RUN) return [];
  return Array.from({ length: PGLZ_RUN }, (_, lead): ByteForm => {
    const first = word.slice(lead, lead + PGLZ_RUN);
    const second = word.slice(lead + PGLZ_RUN, lead + 2 * PGLZ_RUN);
    const bytes = Buffer.from(`\0${first}\0${second}`, 'latin1');
    return {
      name: 'pglz',
      bytes,
      following: (haystack, at, length) => {
        const rest = word.length - lead - 2 * PGLZ_RUN;
        const written = [...haystack.subarray(at + bytes.length, at + bytes.length + (rest + length) * 2)];
        const characters = written.filter((_byte, index) => index % (PGLZ_RUN + 1) !== 0);
        return Buffer.from(characters.slice(rest, rest + length)).toString('latin1');
      },
    };
  });
}
