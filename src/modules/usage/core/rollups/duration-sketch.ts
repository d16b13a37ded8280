import type { DurationPercentiles } from '../../usage-analytics.contract.js';

/** What a sketch's bytes begin with. Entries of another version would have another scale. */
const VERSION = 1;
const ENTRY_BYTES = 6;
/** Buckets to each doubling of a duration; what is read back is at most half a bucket off. */
const STEPS = 64;
const STEP_BITS = 6;
/** The bits that 1 begins with as a double, less one: bucket 0 is kept for zero. */
const ORIGIN = (1023 << STEP_BITS) - 1;
/** The longest duration that is told apart: what an `integer` of PostgreSQL holds, milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** The largest error of a duration read back, relative to it: half a step. */
export const SKETCH_RELATIVE_ERROR = 1 / (2 * STEPS);

const scratch = new DataView(new ArrayBuffer(8));

/**
 * How often which duration occurred, whole milliseconds, in buckets of a logarithmic scale: those of HdrHistogram with six bits, which is DDSketch with
 * linear steps within each doubling (Masson, Rim, Lee: "DDSketch", VLDB 2019, §2.2). Up to 127 ms exact, above at most {@link SKETCH_RELATIVE_ERROR} off.
 * Sketches merge by adding counts, in any order, and lose nothing. `duration_bucket` in the migrations is the same scale: PostgreSQL counts, we read.
 */
export class DurationSketch {
  private readonly counts = new Map<number, number>();
  private total = 0;

  get count(): number {
    return this.total;
  }

  add(ms: number, times = 1): void {
    this.addBucket(bucketOf(ms), times);
  }

  /** Adds what {@link encode}, or `merge_durations` of the database, has written. Raises a RangeError for bytes that are no sketch. */
  addEncoded(bytes: Buffer): void {
    if (bytes[0] !== VERSION) throw new RangeError('a sketch of durations begins with its version');
    this.addEntries(bytes.subarray(1));
  }

  /** Adds entries without a version before them: sketches put end to end by the database. */
  addEntries(bytes: Buffer): void {
    if (bytes.length % ENTRY_BYTES !== 0) throw new RangeError('a sketch of durations is made of whole entries');
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) this.addBucket(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  }

  merge(other: DurationSketch): void {
    for (const [bucket, count] of other.counts) this.addBucket(bucket, count);
  }

  /** The least duration that at least the share `q` of all is no longer than (nearest rank), milliseconds. Null when there is none. */
  quantile(q: number): number | null {
    if (this.total === 0) return null;
    let left = Math.max(1, Math.ceil(q * this.total));
    for (const [bucket, count] of this.sorted()) {
      left -= count;
      if (left <= 0) return middleOf(bucket);
    }
    throw new Error('invariant broken: the counts of a sketch add up to its total');
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(1 + this.counts.size * ENTRY_BYTES);
    bytes.writeUInt8(VERSION);
    this.sorted().forEach(([bucket, count], index) => {
      bytes.writeUInt16BE(bucket, 1 + index * ENTRY_BYTES);
      bytes.writeUInt32BE(count, 3 + index * ENTRY_BYTES);
    });
    return bytes;
  }

  private sorted(): [number, number][] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }

  private addBucket(bucket: number, count: number): void {
    this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + count);
    this.total += count;
  }
}

/** The first bits of a double are its exponent and the top of its fraction: a logarithmic scale without a logarithm. */
export function bucketOf(ms: number): number {
  if (!(ms >= 1)) return 0;
  scratch.setFloat64(0, Math.min(Math.floor(ms), LONGEST_MS));
  return (scratch.getUint32(0) >>> (20 - STEP_BITS)) - ORIGIN;
}

/** The middle of the whole milliseconds in a bucket, rounded. */
function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const octave = 2 ** Math.floor((bucket - 1) / STEPS);
  const lowest = octave * (1 + ((bucket - 1) % STEPS) / STEPS);
  return Math.round(lowest + Math.max(0, octave / STEPS - 1) / 2);
}

/** Null when nothing was counted. */
export function percentilesOf(sketch: DurationSketch): DurationPercentiles | null {
  const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((q) => sketch.quantile(q));
  if (p50 == null || p90 == null || p95 == null || p99 == null) return null;
  return { p50, p90, p95, p99 };
}
