import { describe, expect, it } from 'vitest';
import { readAnswerHead } from './answer-head.js';

const head = (...lines: readonly string[]) => readAnswerHead(['HTTP/1.1 200 OK', ...lines].join('\r\n'));

describe('the head of an answer', () => {
  it('has a status, and fields whose names are read in lower case and whose values lose the blanks around them', () => {
    const read = head('Content-Type: text/plain', 'X-Empty:', 'x-wide: \t a  b \t');
    expect(read.status).toBe(200);
    expect({ ...read.headers }).toEqual({ 'content-type': 'text/plain', 'x-empty': '', 'x-wide': 'a  b' });
  });

  it('joins a field that comes again', () => {
    expect(head('vary: a', 'Vary: b').headers.vary).toBe('a, b');
  });

  it('may have a field of any name, and nothing comes of those that JavaScript knows', () => {
    const { headers } = head('__proto__: x', 'constructor: y');
    expect([headers.__proto__, headers['constructor'], headers['toString']]).toEqual(['x', 'y', undefined]);
  });

  it.each(['HTTP/1.1 200 OK', 'HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.1 999 \xe9'])('begins with a status line like %j', (line) => {
    expect(readAnswerHead(line).status).toBe(Number(line.slice(9, 12)));
  });

  it.each([
    'HTTP/2 200 OK',
    'HTTP/1.2 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 000 OK',
    'ICY 200 OK',
    '',
    'HTTP/1.1 200 OK\nx: y',
    'HTTP/1.1 200 OK\rx: y',
    'HTTP/1.1 200 OK\0',
    ' HTTP/1.1 200 OK',
  ])('and with no other: %j', (text) => {
    expect(() => readAnswerHead(text)).toThrowError(expect.objectContaining({ code: 'malformed_answer' }));
  });

  it.each([
    ['a name with a space behind it', 'content-length : 1'],
    ['a line that goes on with the one before', 'x: a\r\n b'],
    ['a line without a colon', 'nonsense'],
    ['a field without a name', ': x'],
    ['a name in brackets', 'x(y): z'],
    ['a lone line feed', 'x: a\ny: b'],
    ['a lone carriage return', 'x: a\ry: b'],
    ['a zero', 'x: a\0b'],
    ['another control character', 'x: a\x1bb'],
  ])('refuses %s', (_what, line) => {
    expect(() => head(line)).toThrowError(expect.objectContaining({ code: 'malformed_answer' }));
  });
});

describe('where the body ends (RFC 9112 §6.3)', () => {
  const cases: [string, string, readonly string[], number | string][] = [
    ['by its length', 'HTTP/1.1 200 OK', ['content-length: 5'], 5],
    ['by its chunks', 'HTTP/1.1 200 OK', ['Transfer-Encoding: Chunked'], 'chunked'],
    ['by the connection', 'HTTP/1.1 200 OK', [], 'until_close'],
    ['by the connection', 'HTTP/1.0 200 OK', [], 'until_close'],
    ['at once, without content', 'HTTP/1.1 204 No Content', [], 0],
    ['at once, whatever length is said', 'HTTP/1.1 304 Not Modified', ['content-length: 5'], 0],
    ['at once, before the answer', 'HTTP/1.1 100 Continue', [], 0],
  ];
  it.each(cases)('%s: %s %j', (_how, line, fields, body) => {
    expect(readAnswerHead([line, ...fields].join('\r\n')).body).toBe(body);
  });

  it.each([
    ['in two ways', 'HTTP/1.1', ['content-length: 5', 'transfer-encoding: chunked']],
    ['by two lengths', 'HTTP/1.1', ['content-length: 5', 'content-length: 6']],
    ['by one length twice', 'HTTP/1.1', ['content-length: 5', 'content-length: 5']],
    ['by a length with a sign', 'HTTP/1.1', ['content-length: +5']],
    ['by a length that is none', 'HTTP/1.1', ['content-length: 0x5']],
    ['by no length', 'HTTP/1.1', ['content-length:']],
    ['by a length past counting', 'HTTP/1.1', ['content-length: 9999999999999999']],
    ['by a coding nobody asked for', 'HTTP/1.1', ['transfer-encoding: gzip, chunked']],
    ['by chunks, not last', 'HTTP/1.1', ['transfer-encoding: chunked, identity']],
    ['by chunks twice', 'HTTP/1.1', ['transfer-encoding: chunked', 'transfer-encoding: chunked']],
    ['by chunks that its version does not have', 'HTTP/1.0', ['transfer-encoding: chunked']],
  ])('is not told %s', (_how, version, fields) => {
    expect(() => readAnswerHead([`${version} 200 OK`, ...fields].join('\r\n'))).toThrowError(
      expect.objectContaining({ code: 'malformed_answer' }),
    );
  });
});

describe('whether the connection goes on (RFC 9112 §9.3)', () => {
  it.each([
    ['HTTP/1.1', ['content-length: 0'], true],
    ['HTTP/1.1', ['content-length: 0', 'connection: close'], false],
    ['HTTP/1.1', ['content-length: 0', 'Connection: x, Close'], false],
    ['HTTP/1.1', ['content-length: 0', 'connection: closer'], true],
    ['HTTP/1.1', [], false],
    ['HTTP/1.0', ['content-length: 0'], false],
    ['HTTP/1.0', ['content-length: 0', 'connection: keep-alive'], true],
    ['HTTP/1.0', ['content-length: 0', 'connection: keep-alive, close'], false],
  ])('%s %j: %s', (version, fields, isPersistent) => {
    expect(readAnswerHead([`${version} 200 OK`, ...fields].join('\r\n')).isPersistent).toBe(isPersistent);
  });
});
