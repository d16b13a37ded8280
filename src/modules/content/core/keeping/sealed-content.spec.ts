import { createSecretKey, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type CallId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { packDocument, packPieces, unpackDocument } from './content-document.js';
import { type ContentContext, openContent, sealContent as piecesSealed, sealPieces } from './sealed-content.js';

const key = createSecretKey(randomBytes(32));
const context: ContentContext = { organisationId: newId<OrganisationId>(), callId: newId<CallId>(), store: 'payload', keyVersion: 3 };
const CHUNK = 65_536 + 16;
const HEAD = 37;
const unreadable = expect.objectContaining({ code: 'content/unreadable' });

function sealContent(...sealed: Parameters<typeof piecesSealed>): Buffer {
  return Buffer.concat(piecesSealed(...sealed));
}

function opening(sealed: Buffer, as: ContentContext = context): unknown {
  try {
    return openContent(key, sealed, as);
  } catch (error) {
    return error;
  }
}

/** Copies, which the sealer may overwrite. */
async function* piecesOf(plain: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < plain.length; at += size) yield Buffer.from(plain.subarray(at, at + size));
}

describe('C4: sealed content', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])('of %i bytes opens to the same bytes', (length) => {
    const plain = randomBytes(length);
    expect(openContent(key, sealContent(key, plain, context), context).equals(plain)).toBe(true);
  });

  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])(
    'of %i bytes in pieces opens to the same bytes, and is as long',
    async (length) => {
      const plain = randomBytes(length);
      for (const size of [1_000, 65_536, 150_000]) {
        const sealed: Buffer[] = [];
        for await (const piece of sealPieces(key, piecesOf(plain, size), context)) sealed.push(piece);
        expect(openContent(key, Buffer.concat(sealed), context).equals(plain)).toBe(true);
        expect(Buffer.concat(sealed).length).toBe(sealContent(key, plain, context).length);
      }
    },
  );

  it('of pieces fails with what their source fails with, and leaves no plaintext behind', async () => {
    const piece = Buffer.alloc(70_000, 'x');
    const source = async function* () {
      yield piece;
      throw new RangeError('the source is away');
    };
    const reading = async () => {
      for await (const _sealed of sealPieces(key, source(), context));
    };
    await expect(reading()).rejects.toThrow('the source is away');
    expect(piece.includes('x')).toBe(false);
  });

  it('differs each time, and shows nothing of what it holds', () => {
    const plain = Buffer.from('a word that stands out '.repeat(20));
    const [one, two] = [sealContent(key, plain, context), sealContent(key, plain, context)];
    expect(one.equals(two)).toBe(false);
    expect(one.includes('stands out')).toBe(false);
  });

  it.each<[string, Partial<ContentContext>]>([
    ['another organisation', { organisationId: newId() }],
    ['another call', { callId: newId() }],
    ['another store', { store: 'granted' }],
    ['another version of the key', { keyVersion: 4 }],
  ])('does not open in a row of %s', (_what, other) => {
    expect(opening(sealContent(key, Buffer.from('x'), context), { ...context, ...other })).toEqual(unreadable);
  });

  it('does not open under another key', () => {
    const sealed = sealContent(createSecretKey(randomBytes(32)), Buffer.from('x'), context);
    expect(opening(sealed)).toEqual(unreadable);
  });

  const long = sealContent(key, randomBytes(3 * 65_536 - 10), context);
  const chunk = (number: number) => long.subarray(HEAD + number * CHUNK, HEAD + (number + 1) * CHUNK);
  it.each<[string, Buffer]>([
    ['chunks swapped', Buffer.concat([long.subarray(0, HEAD), chunk(1), chunk(0), chunk(2)])],
    ['the last chunk missing', long.subarray(0, HEAD + 2 * CHUNK)],
    ['the first chunk missing', Buffer.concat([long.subarray(0, HEAD), chunk(1), chunk(2)])],
    ['a chunk twice', Buffer.concat([long.subarray(0, HEAD), chunk(0), chunk(0), chunk(1), chunk(2)])],
    [
      'a chunk of another content',
      Buffer.concat([sealContent(key, randomBytes(70_000), context).subarray(0, HEAD + CHUNK), chunk(1), chunk(2)]),
    ],
    ['a byte more', Buffer.concat([long, Buffer.from([0])])],
    ['a byte less', long.subarray(0, -1)],
    ['the head alone', long.subarray(0, HEAD)],
    ['nothing', Buffer.alloc(0)],
    ['another format', Buffer.concat([Buffer.from([1]), long.subarray(1)])],
  ])('with %s is refused', (_what, sealed) => {
    expect(opening(sealed)).toEqual(unreadable);
  });

  it('with any one bit turned is refused', () => {
    const sealed = sealContent(key, Buffer.from('hello'), context);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const turned = Buffer.from(sealed);
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, opening(turned)]).toEqual([bit, unreadable]);
    }
  });
});

describe('a document of content', () => {
  it.each<[string, Buffer, readonly Buffer[] | null]>([
    ['small, with an answer in pieces', Buffer.from('{"q":1}'), [Buffer.from('data: a\n\n'), Buffer.from('data: b\n\n')]],
    ['with an empty answer', Buffer.from('{}'), []],
    ['without an answer', Buffer.from('{}'), null],
    ['large', randomBytes(100_000), [randomBytes(300_000)]],
  ])('%s comes back whole', async (_what, request, answer) => {
    for (const packed of [await packDocument(request, answer), await buffer(packPieces(request, answer))]) {
      const document = await unpackDocument(packed, 1_000_000);
      expect(document.request.equals(request)).toBe(true);
      expect(document.answer).toEqual(answer === null ? null : Buffer.concat(answer));
    }
  });

  it('that would be larger than allowed is not unpacked', async () => {
    await expect(unpackDocument(await packDocument(Buffer.alloc(10_000_000), null), 1_000_000)).rejects.toThrow();
  });
});
