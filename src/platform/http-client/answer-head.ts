import { TOKEN } from './grammar.js';
import { malformed } from './http-client.errors.js';

/** Names in lower case; a field that came more than once, joined by commas (RFC 9110 §5.3). Without a prototype: names are the server's. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

export interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** How long the body is, in bytes, or how its end is told (RFC 9112 §6.3). */
  readonly body: number | 'chunked' | 'until_close';
  /** Whether the connection may carry another exchange after this one (RFC 9112 §9.3). */
  readonly isPersistent: boolean;
}

/** What may stand in a head: visible characters, spaces and tabs, and line ends of both characters (RFC 9110 §5.5, RFC 9112 §2.2). */
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * An answer's head, without the empty line at its end, one character a byte. Strict: what two readers could understand differently is
 * refused, since a connection is used again. Raises `malformed_answer`.
 */
export function readAnswerHead(text: string): AnswerHead {
  if (FORBIDDEN.test(text)) throw malformed('a character in the head that may not be there');
  let at = lineEnd(text, 0);
  const [, minor, code] = STATUS_LINE.exec(text.slice(0, at)) ?? [];
  if (code === undefined) throw malformed('no status line of HTTP/1.0 or HTTP/1.1');
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  while (at < text.length) {
    const from = at + 2;
    at = lineEnd(text, from);
    addField(headers, text.slice(from, at));
  }
  const status = Number(code);
  // The older version has no 1xx (RFC 9110 §15.2).
  if (status < 200 && minor !== '1') throw malformed('an answer before the answer that its version does not have');
  const body = bodyOf(status, headers, minor === '1');
  return { status, headers, body, isPersistent: body !== 'until_close' && persists(headers.connection, minor === '1') };
}

/** Adds what one line says. Raises `malformed_answer`. */
export function addField(headers: Record<string, string | undefined>, line: string): void {
  const colon = line.indexOf(':');
  if (colon === -1) throw malformed('a line that is no field');
  const name = fieldName(line.slice(0, colon));
  const value = fieldValue(line, colon + 1);
  const before = headers[name];
  headers[name] = before === undefined ? value : `${before}, ${value}`;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

/** Servers spell few names, and the same ones in every answer. */
const knownNames = new Map<string, string>();
const KNOWN_NAMES = 500;

function fieldName(spelt: string): string {
  const known = knownNames.get(spelt);
  if (known !== undefined) return known;
  // No space before the colon, no line that goes on with the one before (RFC 9112 §5.1 and §5.2).
  if (!TOKEN.test(spelt)) throw malformed('a field whose name is no token');
  const name = spelt.toLowerCase();
  if (knownNames.size < KNOWN_NAMES) knownNames.set(spelt, name);
  return name;
}

function fieldValue(line: string, from: number): string {
  let first = from;
  let last = line.length;
  while (first < last && isBlank(line.charCodeAt(first))) first += 1;
  while (last > first && isBlank(line.charCodeAt(last - 1))) last -= 1;
  return line.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function bodyOf(status: number, headers: AnswerHeaders, isCurrent: boolean): AnswerHead['body'] {
  const { 'transfer-encoding': coding, 'content-length': length } = headers;
  if (coding !== undefined && (length !== undefined || !isCurrent)) throw malformed('a body whose end is told in two ways');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw malformed('a transfer coding nobody asked for');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw malformed('a content-length that is no length');
  if (status < 200 || status === 204 || status === 304) return 0;
  if (coding !== undefined) return 'chunked';
  return length === undefined ? 'until_close' : Number(length);
}

function persists(connection: string | undefined, isCurrent: boolean): boolean {
  if (connection === undefined) return isCurrent;
  const options = connection.toLowerCase().split(',');
  const has = (option: string) => options.some((each) => each.trim() === option);
  return isCurrent ? !has('close') : has('keep-alive') && !has('close');
}
