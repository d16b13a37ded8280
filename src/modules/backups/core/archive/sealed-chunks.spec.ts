import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openChunks, type PartBinding, sealChunks } from './sealed-chunks.js';

const KEY = randomBytes(32);
const BINDING: PartBinding = { backup: '01980000-0000-7000-8000-000000000000', part: 3, name: 'account' };
const CHUNK = 256 * 1024;

function seal(plaintext: Buffer, pieceBytes = 100_000): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(plaintext.length / pieceBytes) }, (_, index) =>
    plaintext.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return buffer(Readable.from(pieces).pipe(sealChunks(KEY, BINDING)));
}

function open(sealed: Buffer, binding = BINDING, key = KEY, pieceBytes = 70_000): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(sealed.length / pieceBytes) }, (_, index) =>
    sealed.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return buffer(Readable.from(pieces).pipe(openChunks(key, binding)));
}

/** The frames a sealed stream consists of. */
function framesOf(sealed: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < sealed.length; ) {
    const end = at + 4 + sealed.readUInt32BE(at);
    frames.push(sealed.subarray(at, end));
    at = end;
  }
  return frames;
}

const damaged = { code: 'backups/damaged' };

describe('D4: sealed chunks', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])('open to what was sealed, %i bytes of it', async (bytes) => {
    const plaintext = randomBytes(bytes);
    const sealed = await seal(plaintext);
    expect((await open(sealed)).equals(plaintext)).toBe(true);
    // Shorter ones are found by chance.
    if (bytes > 16) expect(sealed.includes(plaintext.subarray(0, 16))).toBe(false);
  });

  it('do not open when a bit of any chunk, of its length or of its tag is another', async () => {
    const sealed = await seal(randomBytes(3 * CHUNK + 17));
    let start = 0;
    for (const frame of framesOf(sealed)) {
      for (const at of [start, start + 3, start + 4, start + frame.length - 1]) {
        const broken = Buffer.from(sealed);
        broken[at] = (broken[at] ?? 0) ^ 1;
        await expect(open(broken), `byte ${at}`).rejects.toMatchObject(damaged);
      }
      start += frame.length;
    }
  });

  it('do not open when they are cut off anywhere, between two chunks too', async () => {
    const sealed = await seal(randomBytes(3 * CHUNK + 17));
    const ends = framesOf(sealed).reduce<number[]>((all, frame) => [...all, (all.at(-1) ?? 0) + frame.length], []);
    for (const end of [0, 1, 5, ...ends.slice(0, -1).flatMap((at) => [at - 1, at, at + 1]), sealed.length - 1]) {
      await expect(open(sealed.subarray(0, end)), `${end} bytes`).rejects.toMatchObject(damaged);
    }
  });

  it('do not open when chunks are swapped, repeated, left out or added', async () => {
    const [a, b, c, last] = framesOf(await seal(randomBytes(3 * CHUNK + 17))) as [Buffer, Buffer, Buffer, Buffer];
    for (const order of [
      [b, a, c, last],
      [a, a, b, c, last],
      [a, c, last],
      [a, b, c, last, last],
      [a, b, c, last, a],
    ]) {
      await expect(open(Buffer.concat(order))).rejects.toMatchObject(damaged);
    }
  });

  it('open in no other place: another backup, part, table or key', async () => {
    const sealed = await seal(randomBytes(100));
    for (const other of [{ backup: BINDING.backup.replace('1', '2') }, { part: 4 }, { name: 'session' }]) {
      await expect(open(sealed, { ...BINDING, ...other })).rejects.toMatchObject(damaged);
    }
    await expect(open(sealed, BINDING, randomBytes(32))).rejects.toMatchObject(damaged);
  });
});
