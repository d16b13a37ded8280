import { isUtf8 } from 'node:buffer';
import { invalidRequest, kernelErrors } from '../../../kernel/errors.js';

/** One member of a JSON object, as byte offsets into the body. The value's range has no white space around it. */
export interface JsonMember {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Where an object stands in a body: `open` and `close` are the offsets of its braces. */
export interface JsonObjectMap {
  readonly open: number;
  readonly close: number;
  readonly members: readonly JsonMember[];
}

export interface ScanLimits {
  /** Levels of nesting, the object itself being the first. */
  readonly maxDepth: number;
  readonly maxMembers: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Strings shorter than this are walked; longer ones are jumped over by a native search. */
const WALK_BYTES = 48;

/**
 * Reads a JSON object and finds its members. Refuses, naming the field: duplicate names (providers differ on which one wins, so
 * a check here could be smuggled past), nesting beyond the limit (before it costs memory), bytes that are not UTF-8. Errors
 * give positions, never text of the body: V8's own messages quote it.
 */
export function parseJsonObject(body: Buffer, limits: ScanLimits): { value: Record<string, unknown>; map: JsonObjectMap } {
  if (!isUtf8(body)) throw badBody('The request body is not valid UTF-8.');
  const open = skipSpace(body, 0);
  if (body[open] !== OPEN_BRACE) throw badBody(body.length === 0 ? 'The request body is empty.' : notAnObject(body));
  const map = mapObject(body, open, limits);
  const text = body.toString('utf8');
  try {
    return { value: JSON.parse(text) as Record<string, unknown>, map };
  } catch (error) {
    throw badBody(`The request body is not valid JSON${syntaxErrorPosition(error, text)}.`);
  }
}

/**
 * Finds the members of the object whose brace is at `open`. Trusts the syntax: on bytes that are not JSON the result means
 * nothing, but it ends, in linear time and bounded memory. `path` stands before the names in errors (`stream_options.`).
 */
export function mapObject(body: Buffer, open: number, limits: ScanLimits, path = ''): JsonObjectMap {
  const members: JsonMember[] = [];
  const seen = new Set<string>();
  let depth = 0;
  let name: string | null = null;
  let valueStart = 0;
  let i = open;
  scan: for (; i < body.length; i++) {
    switch (body[i]) {
      case QUOTE: {
        const end = stringEnd(body, i);
        if (depth === 1 && name === null) name = readName(body, i, end);
        i = end - 1;
        break;
      }
      case COLON:
        if (depth === 1) valueStart = skipSpace(body, i + 1);
        break;
      case COMMA:
        if (depth === 1) name = addMember(i);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > limits.maxDepth) throw tooDeep(path + plainName(name), limits.maxDepth);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (--depth > 0) break;
        if (name !== null) addMember(i);
        break scan;
      default:
    }
  }
  return { open, close: i, members };

  function addMember(end: number): null {
    if (name === null) return null;
    if (seen.has(name)) throw duplicate(path + plainName(name));
    if (members.length === limits.maxMembers) throw badBody(`The object has more than ${limits.maxMembers} members.`);
    seen.add(name);
    members.push({ name, valueStart, valueEnd: trimSpace(body, end) });
    return null;
  }
}

export function findMember(map: JsonObjectMap, name: string): JsonMember | undefined {
  return map.members.find((member) => member.name === name);
}

/** Replaces the bytes from `start` to `end` by `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The splices that give members of one object the raw JSON values named: replaced where they stand, else added in front. */
export function setMembers(map: JsonObjectMap, values: Readonly<Record<string, string>>): Splice[] {
  const splices: Splice[] = [];
  let added = '';
  for (const [name, value] of Object.entries(values)) {
    const member = findMember(map, name);
    if (member) splices.push({ start: member.valueStart, end: member.valueEnd, text: value });
    else added += `${added === '' ? '' : ','}${JSON.stringify(name)}:${value}`;
  }
  if (added !== '') {
    splices.push({ start: map.open + 1, end: map.open + 1, text: map.members.length > 0 ? `${added},` : added });
  }
  return splices;
}

/** The body with all splices applied in one copy. They must not overlap. Gives back `body` itself when there are none. */
export function applySplices(body: Buffer, splices: readonly Splice[]): Buffer {
  if (splices.length === 0) return body;
  const ordered = [...splices].sort((a, b) => a.start - b.start);
  const size = ordered.reduce((sum, s) => sum + Buffer.byteLength(s.text) - (s.end - s.start), body.length);
  const result = Buffer.allocUnsafe(size);
  let from = 0;
  let to = 0;
  for (const splice of ordered) {
    to += body.copy(result, to, from, splice.start);
    to += result.write(splice.text, to, 'utf8');
    from = splice.end;
  }
  body.copy(result, to, from);
  return result;
}

/** The offset behind the closing quote. A quote is escaped when an odd number of backslashes stands before it. */
function stringEnd(body: Buffer, quote: number): number {
  let i = quote + 1;
  for (;;) {
    const walkEnd = Math.min(i + WALK_BYTES, body.length);
    for (; i < walkEnd; i++) {
      const byte = body[i];
      if (byte === QUOTE) return i + 1;
      if (byte === BACKSLASH) i++;
    }
    const next = body.indexOf(QUOTE, i);
    if (next === -1) return body.length;
    let slashes = 0;
    while (next - slashes > i && body[next - slashes - 1] === BACKSLASH) slashes++;
    i = next + 1;
    if (slashes % 2 === 0) return i;
  }
}

/** The name between two quotes, its escapes resolved: `"mod\u0065l"` is `model` to every parser downstream. */
function readName(body: Buffer, start: number, end: number): string {
  const raw = body.toString('utf8', start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    throw badBody(`The request body is not valid JSON: a member name near byte ${start} has a wrong escape.`);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(body: Buffer, from: number): number {
  let i = from;
  while (isSpace(body[i])) i++;
  return i;
}

function trimSpace(body: Buffer, end: number): number {
  let i = end;
  while (i > 0 && isSpace(body[i - 1])) i--;
  return i;
}

/** V8 tells a position in UTF-16 units, or none at all; the caller gets bytes, as its tools count. */
function syntaxErrorPosition(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : '';
  if (message === 'Unexpected end of JSON input') return `: it ends too early, at byte ${Buffer.byteLength(text)}`;
  const position = / in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1];
  return position === undefined ? '' : ` (byte ${Buffer.byteLength(text.slice(0, Number(position)))})`;
}

function notAnObject(body: Buffer): string {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
    ? 'The request body must be JSON without a byte order mark (RFC 8259, section 8.1).'
    : 'The request body must be a JSON object.';
}

/** A name is the client's own text: shown only when it is short and plain. */
function plainName(name: string | null): string {
  return name !== null && /^[\w.-]{1,64}$/.test(name) ? name : 'body';
}

function duplicate(field: string): Error {
  return invalidRequest([{ field, message: 'is given more than once' }]);
}

function tooDeep(field: string, maxDepth: number): Error {
  return invalidRequest([{ field, message: `is nested deeper than ${maxDepth} levels` }]);
}

/** A fault of the body as a whole, which no field can be named for. */
function badBody(message: string): Error {
  return kernelErrors.invalid_request({ message });
}
