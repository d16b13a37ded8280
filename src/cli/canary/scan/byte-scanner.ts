import { constants, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { errorCode } from '../../../kernel/errors.js';
import type { FormName } from './byte-forms.js';
import type { CanaryBook, Owner, SoughtForm } from './canary-book.js';
import { PatternSearch } from './pattern-search.js';

/** A word that was found. */
export interface Finding extends Owner {
  readonly form: FormName;
  /** The compressed streams it lay in, from the outside in. */
  readonly inside: readonly Packing[];
  /** Bytes from the beginning of what was searched, or of the innermost stream. */
  readonly at: number;
}

export interface ScanResult {
  readonly findings: readonly Finding[];
  /** Unpacked bytes included. */
  readonly bytes: number;
  /** Compressed streams too large, or too many, to be unpacked. */
  readonly unread: number;
}

export type Packing = 'gzip' | 'zlib' | 'zstd';

interface Stream {
  readonly packing: Packing;
  readonly at: number;
}

const UNPACKED_MAX_BYTES = 64 * 1024 * 1024;
const UNPACKED_TOTAL_BYTES = 512 * 1024 * 1024;
/** Streams inside streams inside streams: a backup in an archive, and one to spare. */
const DEEPEST = 3;
const ZLIB_HEADER_BYTES = 2;
/** More tell nothing new. */
const MOST_FINDINGS = 10_000;

/** RFC 1952 §2.3, RFC 8878 §3.1.1, and the first bytes zlib writes at its usual levels (RFC 1950 §2.2). */
const STREAM_HEADS: readonly { readonly packing: Packing; readonly head: Buffer }[] = [
  { packing: 'gzip', head: Buffer.from('1f8b08', 'hex') },
  { packing: 'zstd', head: Buffer.from('28b52ffd', 'hex') },
  ...['7801', '785e', '789c', '78da'].map((head) => ({ packing: 'zlib' as const, head: Buffer.from(head, 'hex') })),
];

/** Looks for every word of a book in bytes, in each of its forms, and in the compressed streams among the bytes. */
export class ByteScanner {
  private readonly sought: readonly SoughtForm[];
  private readonly search: PatternSearch;

  constructor(private readonly book: CanaryBook) {
    this.sought = book.sought();
    this.search = new PatternSearch(this.sought.map(({ bytes }) => bytes));
  }

  scan(bytes: Buffer): ScanResult {
    const tally = { findings: [] as Finding[], bytes: 0, unread: 0 };
    this.scanInto(tally, bytes, []);
    return tally;
  }

  private scanInto(tally: { findings: Finding[]; bytes: number; unread: number }, bytes: Buffer, inside: readonly Packing[]): void {
    tally.bytes += bytes.length;
    this.search.search(bytes, (index, at) => {
      const form = this.sought[index] as SoughtForm;
      if (tally.findings.length < MOST_FINDINGS)
        tally.findings.push({ ...this.book.ownerOf(form, bytes, at), form: form.name, inside, at });
    });
    for (const { packing, at } of inside.length < DEEPEST ? streamsIn(bytes) : []) {
      if (tally.bytes > UNPACKED_TOTAL_BYTES + bytes.length) {
        tally.unread += 1;
        continue;
      }
      const unpacked = unpack(packing, bytes.subarray(at));
      if (unpacked === 'too large') tally.unread += 1;
      else if (unpacked !== null && unpacked.length > 0) this.scanInto(tally, unpacked, [...inside, packing]);
    }
  }
}

function* streamsIn(bytes: Buffer): Generator<Stream> {
  for (const { packing, head } of STREAM_HEADS) {
    for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) yield { packing, at };
  }
}

/**
 * Null: it only looked like a stream. One that breaks off gives what there is of it, so the sums at its end are not looked at, and what may follow
 * does not matter.
 */
function unpack(packing: Packing, bytes: Buffer): Buffer | 'too large' | null {
  try {
    if (packing === 'zstd') return zstdDecompressSync(bytes, { maxOutputLength: UNPACKED_MAX_BYTES });
    const body = bytes.subarray(packing === 'gzip' ? gzipHeaderBytes(bytes) : ZLIB_HEADER_BYTES);
    return inflateRawSync(body, { maxOutputLength: UNPACKED_MAX_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    return errorCode(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too large' : null;
  }
}

/** RFC 1952 §2.3: ten bytes, and what the flags say follows them. */
function gzipHeaderBytes(bytes: Buffer): number {
  const flags = bytes[3] ?? 0;
  let length = 10;
  if (flags & 0x04) length += 2 + (bytes[length] ?? 0) + 256 * (bytes[length + 1] ?? 0);
  for (const named of [0x08, 0x10]) if (flags & named) length = bytes.indexOf(0, length) + 1;
  return flags & 0x02 ? length + 2 : length;
}
