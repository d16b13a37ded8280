import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createDeflateRaw, deflateRaw, inflateRaw } from 'node:zlib';
import { compressSync, uncompressSync } from 'lz4-napi';

/** What was said in a call. */
export interface ContentDocument {
  readonly request: Buffer;
  /** Null when only the input is kept. */
  readonly answer: Buffer | null;
}

/** Up to here compressing takes tens of microseconds, less than handing it to another thread and back. */
const INLINE_BYTES = 65_536;
const HEAD_BYTES = 5;
/** The first byte of packed bytes: how they were compressed. */
const LZ4 = 1;
const DEFLATE = 2;
const MARK_BYTES = 1;
/** Before an LZ4 block: the bytes it unpacks to. */
const SIZE_BYTES = 4;
const FAST = { level: 1 };

const deflateAside = promisify(deflateRaw);
const inflateAside = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** Where small documents are put together, one after the other: each is compressed and wiped before anything else runs. */
const table = Buffer.alloc(INLINE_BYTES);

/**
 * One document as compressed bytes: the length of the request, whether there is an answer, and both. What is small is an LZ4 block, made at once; what
 * is larger is deflated, by another thread (ADR 0059).
 */
export function packDocument(request: Buffer, answer: readonly Buffer[] | null): Buffer | Promise<Buffer> {
  const pieces = piecesOf(request, answer);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > INLINE_BYTES) return deflateAside(Buffer.concat(pieces, bytes), FAST).then((packed) => marked(DEFLATE, packed));
  let at = 0;
  for (const piece of pieces) at += piece.copy(table, at);
  try {
    return marked(LZ4, compressSync(table.subarray(0, bytes)));
  } finally {
    table.fill(0, 0, bytes);
  }
}

/** A document that is large, compressed as it is read: of it no second copy is made. */
export async function* packPieces(request: Buffer, answer: readonly Buffer[] | null): AsyncGenerator<Buffer, void, void> {
  const deflate = createDeflateRaw(FAST);
  // What ends it early ends whoever reads it with the same error.
  pipeline(Readable.from(piecesOf(request, answer)), deflate, () => undefined);
  yield Buffer.of(DEFLATE);
  yield* deflate;
}

/** The document again. Rejects what {@link packDocument} has not made, and what would be larger than `maxBytes`. */
export async function unpackDocument(packed: Buffer, maxBytes: number): Promise<ContentDocument> {
  const plain = await unpack(packed, maxBytes + HEAD_BYTES);
  const requestEnd = HEAD_BYTES + plain.readUInt32BE();
  if (requestEnd > plain.length) throw new RangeError('the document is shorter than it says');
  return { request: plain.subarray(HEAD_BYTES, requestEnd), answer: plain.readUInt8(4) === 1 ? plain.subarray(requestEnd) : null };
}

async function unpack(packed: Buffer, maxBytes: number): Promise<Buffer> {
  const compressed = packed.subarray(MARK_BYTES);
  const mark = packed.readUInt8();
  if (mark === DEFLATE) return inflateAside(compressed, { maxOutputLength: maxBytes });
  if (mark !== LZ4) throw new RangeError('the document is compressed in no way known here');
  if (compressed.length < SIZE_BYTES || compressed.readUInt32LE() > maxBytes) throw new RangeError('the document is larger than it may be');
  return uncompressSync(compressed);
}

/** `compressed` is wiped: it is plaintext to whoever unpacks it. */
function marked(mark: number, compressed: Buffer): Buffer {
  const packed = Buffer.allocUnsafe(MARK_BYTES + compressed.length);
  packed.writeUInt8(mark);
  compressed.copy(packed, MARK_BYTES);
  compressed.fill(0);
  return packed;
}

function piecesOf(request: Buffer, answer: readonly Buffer[] | null): Buffer[] {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32BE(request.length);
  head.writeUInt8(answer === null ? 0 : 1, 4);
  return [head, request, ...(answer ?? [])];
}
