import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.js';

/** What a reader makes of bytes that come in pieces of these sizes, and again and again the last of them; each is used for something else afterwards. */
function read(bytes: Buffer, sizes: readonly number[] = [bytes.length], isFinished = false): string {
  const seen: string[] = [];
  let body = Buffer.alloc(0);
  const reader = new AnswerReader({
    onHead: ({ status }) => seen.push(String(status)),
    onBody: (piece) => (body = Buffer.concat([body, piece])),
    onEnd: () => seen.push('end'),
  });
  reader.begin();
  let problem = '';
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = sizes[Math.min(turn, sizes.length - 1)] as number;
      const lent = Buffer.from(bytes.subarray(at, at + size));
      try {
        reader.push(lent);
      } finally {
        lent.fill('#');
      }
      at += size;
    }
    if (isFinished && !reader.finish()) problem = 'cut';
  } catch (error) {
    problem = (error as Error).message;
  }
  return [seen[0], body.toString('latin1'), ...seen.slice(1), problem].join('|');
}

const answer = (text: string) => Buffer.from(text, 'latin1');
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

describe('an answer', () => {
  it('whose length is told ends there', () => {
    expect(read(answer('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'))).toBe('200|hello|end|');
    expect(read(answer('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel'), undefined, true)).toBe('200|hel|cut');
    expect(read(answer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))).toBe('200||end|');
  });

  it('in chunks ends with the empty one; extensions and trailers are read over', () => {
    expect(read(answer(`${CHUNKED}5\r\nhello\r\n6;a="b\\"\\\\";c=d;e\r\n world\r\n0\r\n\r\n`))).toBe('200|hello world|end|');
    expect(read(answer(`${CHUNKED}00a\r\n0123456789\r\n000\r\nx: y\r\nz: \r\n\r\n`))).toBe('200|0123456789|end|');
    expect(read(answer(`${CHUNKED}5\r\nhello\r\n0\r\n`), undefined, true)).toBe('200|hello|cut');
  });

  it('that tells nothing ends with the connection', () => {
    expect(read(answer('HTTP/1.1 200 OK\r\n\r\nhello'), undefined, true)).toBe('200|hello|end|');
  });

  it('comes after any number of others that are none yet', () => {
    expect(read(answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n'))).toBe(
      '204||end|',
    );
    expect(read(answer('HTTP/1.1 101 Switching Protocols\r\n\r\n'))).toMatch(/another protocol/);
  });

  it.each([
    ['too large', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`, /head that is too large/],
    ['too large and without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(17_000)}`, /head that is too large/],
    ['followed by bytes', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc', /^200\|a\|end\|bytes after/],
  ])('%s', (_what, text, outcome) => {
    expect(read(answer(text))).toMatch(outcome);
    expect(read(answer(text), [7])).toMatch(outcome);
  });

  it.each([
    ['a size that is none', 'x\r\n'],
    ['an empty size', '\r\n'],
    ['a size with a sign', '+5\r\nhello\r\n'],
    ['a size in C', '0x5\r\nhello\r\n'],
    ['a space behind the size', '5 \r\nhello\r\n'],
    ['a size past counting', 'fffffffffffffffff\r\n'],
    ['a line feed alone behind the size', '5\nhello\r\n'],
    ['a carriage return alone behind the size', '5\rhello\r\n'],
    ['no line end behind the data', '5\r\nhelloX'],
    ['half a line end behind the data', '5\r\nhello\rX'],
    ['an extension without a name', '5;\r\nhello\r\n'],
    ['an extension that is not closed', '5;a="b\r\nhello\r\n'],
    ['a line feed in an extension', '5;a\nb\r\nhello\r\n'],
    ['an extension without an end', `5;${'a'.repeat(2_000)}`],
    ['trailers without an end', `0\r\n${'x: y\r\n'.repeat(5_000)}`],
    ['a trailer that is no field', '0\r\nnonsense\r\n\r\n'],
    ['a trailer without a name', '0\r\n: x\r\n\r\n'],
    ['a line feed alone in a trailer', '0\r\nx: y\n\r\n\r\n'],
  ])('whose chunks have %s is malformed', (_what, chunks) => {
    for (const sizes of [undefined, [1]]) expect(read(answer(CHUNKED + chunks), sizes)).toMatch(/\|[^|]+$/);
  });

  it('is the same in whatever pieces it comes', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 40 });
    const chunk = text.filter((data) => data.length > 0).map((data) => `${data.length.toString(16)}\r\n${data}\r\n`);
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), sizes, fc.boolean(), (chunks, pieces, isWhole) => {
        const bytes = answer(`HTTP/1.1 103 x\r\n\r\n${CHUNKED}${chunks.join('')}${isWhole ? '0\r\n\r\n' : ''}`);
        expect(read(bytes, pieces, true)).toBe(read(bytes, undefined, true));
      }),
    );
  });
});
