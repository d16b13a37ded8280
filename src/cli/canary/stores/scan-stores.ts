import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../../../kernel/errors.js';
import type { Finding, ScanResult } from '../scan/byte-scanner.js';
import { ByteScanner } from '../scan/byte-scanner.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { Piece, Store } from './store.js';

/** Larger files are read in parts that overlap by more than any word or page. */
const PART_BYTES = 64 * 1024 * 1024;
const OVERLAP_BYTES = 64 * 1024;
/** Enough for a person to find the place. */
export const LOCATIONS_KEPT = 5;

/** What one store holds of one word. */
export interface Sighting {
  readonly count: number;
  /** The first places, as `file or table: form`. */
  readonly locations: readonly string[];
}

/** A word of which only a part is left, and whose it may be. */
export interface CutWord {
  readonly location: string;
  readonly mayBe: readonly string[];
}

export interface StoreScan {
  readonly store: Store;
  readonly bytes: number;
  /** Of those, in files that had not changed since they were searched before. */
  readonly unchangedBytes: number;
  /** Compressed streams that were too large to be unpacked. */
  readonly unread: number;
  readonly sightings: ReadonlyMap<string, Sighting>;
  readonly cut: readonly CutWord[];
}

/** Searches stores, and remembers files: one that has not changed is not searched again for the same words. */
export class StoreScanner {
  private edition = -1;
  private scanner: ByteScanner | undefined;
  private readonly known = new Map<string, { readonly stamp: string; readonly result: ScanResult }>();

  constructor(private readonly book: CanaryBook) {}

  async scan(store: Store): Promise<StoreScan> {
    const scanner = this.current();
    const sightings = new Map<string, { count: number; locations: string[] }>();
    const tally = { bytes: 0, unchangedBytes: 0, unread: 0, sightings, cut: [] as CutWord[] };
    for await (const piece of store.pieces()) {
      const { result, isUnchanged } = this.searched(piece, store, scanner);
      tally.bytes += result.bytes;
      tally.unchangedBytes += isUnchanged ? result.bytes : 0;
      tally.unread += result.unread;
      for (const finding of result.findings) {
        if (finding.mayBe) tally.cut.push({ location: where(finding, piece.location), mayBe: finding.mayBe });
        else note(sightings, finding.place, where(finding, piece.location));
      }
    }
    return { store, ...tally };
  }

  private searched(
    { source }: Piece,
    { unwrap }: Store,
    scanner: ByteScanner,
  ): { readonly result: ScanResult; readonly isUnchanged: boolean } {
    if ('bytes' in source) return { result: scanner.scan(source.bytes), isUnchanged: false };
    const file = openIfThere(source.file);
    if (file === null) return { result: { findings: [], bytes: 0, unread: 0 }, isUnchanged: false };
    try {
      const { ino, size, mtimeNs, ctimeNs } = fstatSync(file, { bigint: true });
      const stamp = `${ino}/${size}/${mtimeNs}/${ctimeNs}`;
      const before = this.known.get(source.file);
      if (before?.stamp === stamp) return { result: before.result, isUnchanged: true };
      const result = searchFile(file, Number(size), (part) => scanner.scan(unwrap ? unwrap(part) : part));
      this.known.set(source.file, { stamp, result });
      return { result, isUnchanged: false };
    } finally {
      closeSync(file);
    }
  }

  private current(): ByteScanner {
    if (this.scanner === undefined || this.edition !== this.book.edition) {
      this.known.clear();
      this.edition = this.book.edition;
      this.scanner = new ByteScanner(this.book);
    }
    return this.scanner;
  }
}

function note(sightings: Map<string, { count: number; locations: string[] }>, place: string, location: string): void {
  const sighting = sightings.get(place) ?? { count: 0, locations: [] };
  sightings.set(place, sighting);
  sighting.count += 1;
  if (sighting.locations.length < LOCATIONS_KEPT && !sighting.locations.includes(location)) sighting.locations.push(location);
}

function where({ form, inside }: Finding, location: string): string {
  return `${location}: ${[form, ...inside].join(' in ')}`;
}

/** Null for a file that went since it was listed: a store that lives. */
function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function searchFile(file: number, size: number, scan: (part: Buffer) => ScanResult): ScanResult {
  const all = { findings: [] as Finding[], bytes: 0, unread: 0 };
  for (let from = 0; from < size; from += PART_BYTES) {
    const part = Buffer.allocUnsafe(Math.min(PART_BYTES + OVERLAP_BYTES, size - from));
    const read = readSync(file, part, 0, part.length, from);
    const { findings, bytes, unread } = scan(part.subarray(0, read));
    all.findings.push(...findings);
    all.bytes += bytes;
    all.unread += unread;
  }
  return all;
}
