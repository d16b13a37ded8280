import { type View, ViewBuilder } from './view.ts';

/**
 * Zero-width, soft and directional characters, which hide a key from a search and not from who reads it; and the NUL that UTF-16 read
 * as bytes leaves between letters. The colours of terminals (ECMA-48) are treated alike.
 */
const UNSEEN = String.raw`\0\u00ad\u061c\u115f\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff`;
const INVISIBLE = new RegExp(`(?:[${UNSEEN}]|\u001b\\[[0-9;]{0,16}[A-Za-z]|\u200d|\u034f|[\ufe00-\ufe0f])+`, 'g');
const WIDE = /[\uff01-\uff5e\u3000]/g;
const HIDDEN = new RegExp(`[${UNSEEN}\u001b\uff01-\uff5e\u3000]|\u200d|\u034f|[\ufe00-\ufe0f]`);

/** Full-width characters as ASCII, and without what is not seen. Nothing, where there is neither. */
export function withoutDisguise(text: string): View | undefined {
  if (!HIDDEN.test(text)) return undefined;
  const narrow = text.replace(WIDE, (wide) => (wide === '\u3000' ? ' ' : String.fromCharCode(wide.charCodeAt(0) - 0xfee0)));
  const view = new ViewBuilder();
  let kept = 0;
  for (const found of narrow.matchAll(INVISIBLE)) {
    view.decode(narrow.slice(kept, found.index), kept, found.index);
    kept = found.index + found[0].length;
  }
  view.copy(narrow.slice(kept), kept);
  return view.build();
}

/** Two lines that begin alike: with numbers, as tools show files; with the bars and brackets of a quotation; with the signs of a difference. */
const MARGINS =
  /(?:^|\n)[ \t]{0,8}\d{1,6}(?:\t|\u2192|[|:] )[^\n]*\n[ \t]{0,8}\d{1,6}(?:\t|\u2192|[|:] )|(?:^|\n)(?:> ?|\+)[^\n]*\n(?:> ?|\+)/;
const MARGIN = /^(?:[ \t]{0,8}\d{1,6}(?:\t|\u2192|[|:] )|> ?|\+(?!\+))/gm;

/** The text without what stands before each of its lines and belongs to none of them. Nothing, where there is no such thing. */
export function withoutMargins(text: string): View | undefined {
  if (!MARGINS.test(text)) return undefined;
  const view = new ViewBuilder();
  let kept = 0;
  for (const found of text.matchAll(MARGIN)) {
    view.copy(text.slice(kept, found.index), kept);
    kept = found.index + found[0].length;
  }
  view.copy(text.slice(kept), kept);
  return view.build();
}

const PRINTED = /=(?:([0-9A-F]{2})|\r?\n)/g;

/** The text of a mail that was written in quoted-printable (RFC 2045). Nothing, where none says that it is. */
export function withoutQuotedPrintable(text: string): View | undefined {
  if (!text.includes('uoted-printable')) return undefined;
  const view = new ViewBuilder();
  let kept = 0;
  for (const found of text.matchAll(PRINTED)) {
    const end = found.index + found[0].length;
    view.copy(text.slice(kept, found.index), kept);
    view.decode(found[1] === undefined ? '' : (safe(Number.parseInt(found[1], 16)) ?? ''), found.index, end);
    kept = end;
  }
  view.copy(text.slice(kept), kept);
  return kept === 0 ? undefined : view.build();
}

const NAMED: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: ' ',
  sol: '/',
  colon: ':',
  equals: '=',
  commat: '@',
};
const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', "'": "'", '\\': '\\', '/': '/' };
/**
 * An escape of JSON and most languages, of URLs, of HTML; and two string literals put together, `"abc" + "def"`, also over lines.
 * Every repetition is bounded, so each position is looked at a bounded number of times.
 */
const ESCAPE =
  /\\(?:u\{?([0-9a-fA-F]{4})\}?|x([0-9a-fA-F]{2})|([ntr"'\\/])|\r?\n[ \t]{0,40})|%([0-9a-fA-F]{2})|&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(quot|apos|amp|lt|gt|nbsp|sol|colon|equals|commat));|(["'`])[ \t]{0,8}(?:[+.&]|\|\||\.\.|\\?\r?\n)[ \t]{0,8}(?:\r?\n[ \t]{0,40})?[fbru]?\8(?=[^\s,;:)\]}])/g;
const MAY_ESCAPE =
  /\\[nturx"'\\/\r\n]|%[0-9a-fA-F]{2}|&(?:#|quot|apos|amp|lt|gt|nbsp|sol|colon|equals|commat)|["'`][ \t]{0,8}(?:[+.&|\\]|\r?\n)/;

/**
 * One layer of escapes taken off, whatever wrote them; lines without any are left out. Nothing, where there is none. Applied again and
 * again it opens JSON in JSON, a URL in a string and an entity in a URL.
 */
export function withoutEscapes(text: string): View | undefined {
  if (!MAY_ESCAPE.test(text)) return undefined;
  const view = new ViewBuilder();
  let kept = -1;
  let lineEnd = -1;
  for (const found of text.matchAll(ESCAPE)) {
    const character = decoded(found);
    if (character === undefined) continue;
    // Only lines with something to decode are looked at again, so that plain text is not read twice.
    if (found.index > lineEnd) {
      if (kept >= 0) view.copy(text.slice(kept, lineEnd + 1), kept);
      kept = text.lastIndexOf('\n', found.index - 1) + 1;
    }
    view.copy(text.slice(kept, found.index), kept);
    const end = found.index + found[0].length;
    view.decode(character, found.index, end);
    kept = end;
    if (end > lineEnd) lineEnd = endOfLine(text, end);
  }
  if (kept < 0) return undefined;
  view.copy(text.slice(kept, lineEnd + 1), kept);
  return view.build();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function decoded(found: RegExpExecArray): string | undefined {
  const [, unicode, byte, simple, percent, hexadecimal, decimal, named] = found;
  const code = unicode ?? byte ?? percent ?? hexadecimal;
  if (code !== undefined) return safe(Number.parseInt(code, 16));
  if (decimal !== undefined) return safe(Number(decimal));
  if (simple !== undefined) return SIMPLE[simple];
  return named === undefined ? '' : NAMED[named];
}

function safe(codePoint: number): string | undefined {
  return codePoint <= 0x10ffff && codePoint > 0 ? String.fromCodePoint(codePoint) : undefined;
}
