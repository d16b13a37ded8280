/** What reading JSON tells, by offsets of the source. Strings without their quotes. */
export interface JsonVisitor {
  open(kind: '{' | '['): void;
  close(): void;
  /** `escaped`: whether there is a backslash between. */
  key(start: number, end: number, escaped: boolean): void;
  string(start: number, end: number, escaped: boolean): void;
  number(start: number, end: number): void;
  other(): void;
}

const NUMBER = /-?\d[\d.eE+-]*/y;
const LITERAL = /true|false|null/y;
const STARTS = /^\uFEFF?\s*(?:[[{"]|-?\d+(?:\.\d+)?\s*$)/;

/** Whether it is worth reading a text as JSON. */
export function mayBeJson(text: string): boolean {
  return STARTS.test(text);
}

/**
 * Reads JSON, or several JSON values one after the other, without building anything and without a stack of calls. Gives whether it was
 * JSON to the end; what was told until then has to be forgotten if not. Lenient where leniency hides nothing: control characters in
 * strings, unknown escapes, a last string that is cut off.
 */
export function readJson(source: string, visitor: JsonVisitor): boolean {
  const kinds: ('{' | '[')[] = [];
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  let backslash = -2;
  while (at < source.length) {
    at = behindBlanks(source, at);
    const character = source[at];
    if (character === undefined) break;
    if (character === '"') {
      const start = at + 1;
      let end = source.indexOf('"', start);
      if (backslash < start && backslash !== -1) backslash = source.indexOf('\\', start);
      let from = start;
      const escaped = backslash >= 0 && backslash < (end < 0 ? source.length : end);
      while (backslash >= 0 && backslash < (end < 0 ? source.length : end)) {
        from = backslash + 2;
        if (end >= 0 && end < from) end = source.indexOf('"', from);
        backslash = source.indexOf('\\', from);
      }
      if (end < 0) end = source.length;
      at = end + 1;
      if (kinds.at(-1) === '{' && isKey(source, at)) visitor.key(start, end, escaped);
      else visitor.string(start, end, escaped);
    } else if (character === '{' || character === '[') {
      kinds.push(character);
      visitor.open(character);
      at++;
    } else if (character === '}' || character === ']') {
      if (kinds.pop() !== (character === '}' ? '{' : '[')) return false;
      visitor.close();
      at++;
    } else if (character === ',' ? kinds.length > 0 : character === ':' && kinds.at(-1) === '{') {
      at++;
    } else {
      const end = endOfScalar(source, at, visitor);
      if (end === undefined) return false;
      at = end;
    }
  }
  return true;
}

function isKey(source: string, at: number): boolean {
  return source[behindBlanks(source, at)] === ':';
}

function behindBlanks(source: string, at: number): number {
  for (let next = at; ; next++) {
    const code = source.charCodeAt(next);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return next;
  }
}

function endOfScalar(source: string, at: number, visitor: JsonVisitor): number | undefined {
  NUMBER.lastIndex = at;
  if (NUMBER.test(source)) {
    visitor.number(at, NUMBER.lastIndex);
    return NUMBER.lastIndex;
  }
  LITERAL.lastIndex = at;
  if (!LITERAL.test(source)) return undefined;
  visitor.other();
  return LITERAL.lastIndex;
}
