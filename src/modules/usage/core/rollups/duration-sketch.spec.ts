import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, DurationSketch, percentilesOf, SKETCH_RELATIVE_ERROR } from './duration-sketch.js';

const LONGEST_MS = 2 ** 31 - 1;
/** As many short as long ones: a flat choice would hardly ever be below a second. */
const duration = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([octave, part]) => Math.min(LONGEST_MS, Math.floor(2 ** octave * (1 + part)) - 1));
const durations = fc.array(duration, { minLength: 1, maxLength: 300 });
const quantile = fc.double({ min: 0, max: 1, noNaN: true });

function sketchOf(...values: readonly (readonly number[])[]): DurationSketch {
  const sketch = new DurationSketch();
  for (const ms of values.flat()) sketch.add(ms);
  return sketch;
}

const merged = (...sketches: readonly DurationSketch[]): DurationSketch => {
  const sum = new DurationSketch();
  for (const sketch of sketches) sum.merge(sketch);
  return sum;
};

/** The value of nearest rank among all of them. */
function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
}

describe('a sketch of durations', () => {
  it('is at most 1/128 off at any quantile', () => {
    fc.assert(
      fc.property(durations, quantile, (values, q) => {
        const truth = exact(values, q);
        expect(Math.abs((sketchOf(values).quantile(q) ?? Number.NaN) - truth)).toBeLessThanOrEqual(truth * SKETCH_RELATIVE_ERROR);
      }),
      { numRuns: 500 },
    );
  });

  it('is exact up to 127 ms', () => {
    for (let ms = 0; ms < 128; ms += 1) expect(sketchOf([ms]).quantile(1)).toBe(ms);
  });

  it('merges in any order and grouping to the same bytes, which are those of everything counted at once', () => {
    fc.assert(
      fc.property(durations, durations, durations, (first, second, third) => {
        const [a, b, c] = [first, second, third].map((values) => sketchOf(values)) as [DurationSketch, DurationSketch, DurationSketch];
        const whole = sketchOf(first, second, third).encode();
        expect(merged(merged(a, b), c).encode()).toEqual(whole);
        expect(merged(a, merged(b, c)).encode()).toEqual(whole);
        expect(merged(c, a, b).encode()).toEqual(whole);
      }),
    );
  });

  it('comes back from its bytes, alone or put end to end with others', () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const [a, b] = [sketchOf(first).encode(), sketchOf(second).encode()];
        const alone = new DurationSketch();
        alone.addEncoded(a);
        expect(alone.encode()).toEqual(a);
        const together = new DurationSketch();
        together.addEntries(Buffer.concat([a.subarray(1), b.subarray(1)]));
        expect(together.encode()).toEqual(sketchOf(first, second).encode());
      }),
    );
  });

  it('keeps the order of durations', () => {
    fc.assert(fc.property(duration, duration, (a, b) => a > b || bucketOf(a) <= bucketOf(b)));
  });

  it('takes no bytes of another version and no half entries', () => {
    const sketch = new DurationSketch();
    expect(() => sketch.addEncoded(Buffer.of(2))).toThrow(RangeError);
    expect(() => sketch.addEncoded(Buffer.of(1, 0, 0, 0))).toThrow(RangeError);
    expect(() => sketch.addEncoded(Buffer.alloc(0))).toThrow(RangeError);
  });

  it('of nothing has no percentiles; of much it is small', () => {
    expect(percentilesOf(new DurationSketch())).toBeNull();
    const busy = new DurationSketch();
    for (let ms = 0; ms < 60_000; ms += 1) busy.add(ms, 1_000);
    expect(percentilesOf(busy)).toMatchObject({ p50: expect.closeTo(30_000, -3), p99: expect.closeTo(59_400, -3) });
    expect(busy.encode().length).toBeLessThan(5_000);
  });
});
