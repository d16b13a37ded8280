import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteScanner } from './byte-scanner.js';
import { CanaryBook, UNKNOWN_PLACE } from './canary-book.js';

const book = new CanaryBook();
const word = book.word('a prompt');
book.word('an answer');
book.word('a header');

/** What is found of `bytes` among others. */
function found(bytes: Buffer, before = Buffer.from('some text before '), after = Buffer.from(' and some after')): string[] {
  const { findings } = new ByteScanner(book).scan(Buffer.concat([before, bytes, after]));
  return findings.map(({ place, form, inside }) => [place, form, ...inside].join(' / '));
}

/** As pglz writes text in which nothing is repeated: a zero byte before every eight characters. */
function pglz(text: string): Buffer {
  return Buffer.from(
    text.replace(/.{1,8}/g, (run) => `\0${run}`),
    'latin1',
  );
}

const escape = (lead: string, upper: boolean): Buffer => {
  const digits = [...Buffer.from(word)].map((byte) => byte.toString(16).padStart(2, '0'));
  return Buffer.from(digits.map((pair) => lead + (upper ? pair.toUpperCase() : pair)).join(''));
};

describe('C1: a word is found and told from the others', () => {
  it.each([
    ['as it is', Buffer.from(word), 'plain'],
    ['in capitals', Buffer.from(word.toUpperCase()), 'upper case'],
    ['in UTF-16, little-endian', Buffer.from(word, 'utf16le'), 'UTF-16'],
    ['in UTF-16, big-endian', Buffer.from(word, 'utf16le').swap16(), 'UTF-16'],
    ['in hexadecimal', escape('', false), 'hex'],
    ['in hexadecimal with capitals', escape('', true), 'hex'],
    ['escaped as in a URL', escape('%', false), 'URL-escaped'],
    ['escaped as in a URL, with capitals', escape('%', true), 'URL-escaped'],
    ['escaped as in JSON', escape('\\u00', false), 'JSON-escaped'],
    ['escaped as in JSON, with capitals', escape('\\u00', true), 'JSON-escaped'],
  ])('%s', (_how, bytes, form) => expect(found(bytes)).toEqual([`a prompt / ${form}`]));

  it.each([0, 1, 2, 3, 4, 5])('in base64 of either alphabet, %i bytes into what was encoded', (offset) => {
    const text = Buffer.from(`${'>'.repeat(offset)}${word}???`);
    for (const encoding of ['base64', 'base64url'] as const) {
      expect(found(Buffer.from(text.toString(encoding)))).toEqual(['a prompt / base64']);
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('in a value the database compressed, %i characters into a run', (lead) => {
    expect(found(pglz(`${'#'.repeat(lead)}${word}#`))).toEqual(['a prompt / pglz']);
  });

  it.each([
    ['gzip', gzipSync],
    ['zlib', deflateSync],
    ['zstd', zstdCompressSync],
  ])('packed with %s, whatever follows', (packing, pack) => {
    const text = `${'so it goes '.repeat(200)}${word}${' and so on'.repeat(50)}`;
    expect(found(pack(text))).toContain(`a prompt / plain / ${packing}`);
  });

  it('packed twice, in a stream that breaks off', () => {
    const outer = gzipSync(deflateSync(`${'so it goes '.repeat(200)}${word}`));
    expect(found(outer.subarray(0, outer.length - 6), undefined, Buffer.alloc(0))).toContain('a prompt / plain / gzip / zlib');
  });

  it('at the very beginning and the very end, and as often as it is there', () => {
    const { findings } = new ByteScanner(book).scan(Buffer.from(`${word}${word} ${word}`));
    expect(findings.map(({ at }) => at)).toEqual([0, 34, 69]);
  });

  it.each([
    ['in the middle of what tells it apart', 30, ['a prompt']],
    ['before it', 24, ['a prompt', 'an answer', 'a header']],
  ])('when it was cut short %s, with whose it may be', (_where, length, mayBe) => {
    const { findings } = new ByteScanner(book).scan(Buffer.from(`${word.slice(0, length)} and more`));
    expect(findings).toEqual([{ place: UNKNOWN_PLACE, mayBe, form: 'plain', inside: [], at: 0 }]);
  });
});

describe('what is not one of ours', () => {
  it('another run’s words, and bytes of chance, are not found', () => {
    const noise = Buffer.alloc(1_000_000, 'abcdefghijklmnopqrstuvwxyz0123456789');
    expect(new ByteScanner(book).scan(Buffer.concat([noise, Buffer.from(new CanaryBook().word('x'))])).findings).toEqual([]);
  });
});

describe('words that Lethe or the network chose', () => {
  const own = new CanaryBook();
  const address = own.address('an address');
  own.secret('a key', 'lethe_sk_4Zr8QbYw0PmK2dTnVx5EhJc7');
  const scan = (bytes: Buffer): string[] =>
    new ByteScanner(own)
      .scan(Buffer.concat([Buffer.alloc(9), bytes, Buffer.alloc(9)]))
      .findings.map(({ place, form }) => `${place} / ${form}`);

  it('an address is found as text and as the sixteen bytes the database keeps', () => {
    const bytes = Buffer.from(
      address
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(''),
      'hex',
    );
    expect(bytes).toHaveLength(16);
    expect(scan(Buffer.from(address))).toEqual(['an address / plain']);
    expect(scan(bytes)).toEqual(['an address / bytes']);
    expect(scan(Buffer.from(bytes.toString('hex')))).toEqual(['an address / hex']);
  });

  it('K2: a secret is found', () => expect(scan(Buffer.from('{"key":"lethe_sk_4Zr8QbYw0PmK2dTnVx5EhJc7"}'))).toEqual(['a key / plain']));
});
