import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createDeflateRaw, deflateRaw, deflateRawSync, inflateRaw } from 'node:zlib';

/** What was said in a call. */
export interface ContentDocument {
  readonly request: Buffer;
  /** Null when only the input is kept. */
  readonly answer: Buffer | null;
}

/** Up to here compressing takes tens of microseconds, less than handing it to another thread and back. */
const INLINE_BYTES = 65_536;
/** Fast, and with small tables: of a body of a few kilobytes half the time would go into clearing larger ones. Measured beside zstd and Brotli (ADR 0043). */
const SMALL = { level: 1, memLevel: 5, windowBits: 12, chunkSize: 4_096 };
const LARGE = { level: 1 };
const HEAD_BYTES = 5;

const deflateAside = promisify(deflateRaw);
const inflateAside = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** Where small documents are put together, one after the other: each is compressed and wiped before anything else runs. */
const table = Buffer.alloc(INLINE_BYTES);

/** One document as compressed bytes: the length of the request, whether there is an answer, and both. */
export function packDocument(request: Buffer, answer: readonly Buffer[] | null): Buffer | Promise<Buffer> {
  const pieces = piecesOf(request, answer);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > INLINE_BYTES) return deflateAside(Buffer.concat(pieces, bytes), LARGE);
  let at = 0;
  for (const piece of pieces) at += piece.copy(table, at);
  try {
    return deflateRawSync(table.subarray(0, bytes), SMALL);
  } finally {
    table.fill(0, 0, bytes);
  }
}

/** The same bytes, compressed as they are read: of a large document no second copy is made. */
export function packPieces(request: Buffer, answer: readonly Buffer[] | null): AsyncIterable<Buffer> {
  const deflate = createDeflateRaw(LARGE);
  // What ends it early ends whoever reads it with the same error.
  pipeline(Readable.from(piecesOf(request, answer)), deflate, () => undefined);
  return deflate;
}

/** The document again. Rejects what {@link packDocument} has not made, and what would be larger than `maxBytes`. */
export async function unpackDocument(packed: Buffer, maxBytes: number): Promise<ContentDocument> {
  const plain = await inflateAside(packed, { maxOutputLength: maxBytes + HEAD_BYTES });
  const requestEnd = HEAD_BYTES + plain.readUInt32BE();
  if (requestEnd > plain.length) throw new RangeError('the document is shorter than it says');
  return { request: plain.subarray(HEAD_BYTES, requestEnd), answer: plain.readUInt8(4) === 1 ? plain.subarray(requestEnd) : null };
}

function piecesOf(request: Buffer, answer: readonly Buffer[] | null): Buffer[] {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32BE(request.length);
  head.writeUInt8(answer === null ? 0 : 1, 4);
  return [head, request, ...(answer ?? [])];
}
