import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalWindowCounters, slidingUse, WINDOW_MS } from './window-counter.js';

function counting(startMs = 0) {
  const time = { ms: startMs };
  return { time, counters: new LocalWindowCounters(() => time.ms) };
}

const one = (take: number, limit = 100) => [{ key: 'k', limit, take }];

describe('counters per minute', () => {
  it('admit up to the limit and not one more', () => {
    const { counters } = counting();
    const admitted = Array.from({ length: 150 }, () => counters.take(one(1)).refusedBy).filter((refused) => refused === null);
    expect(admitted).toHaveLength(100);
  });

  it('do not let a burst at the boundary of two minutes pass twice', () => {
    const { counters, time } = counting(WINDOW_MS - 1);
    expect(counters.take(one(100)).refusedBy).toBeNull();
    time.ms += 1;
    expect(counters.take(one(1)).refusedBy).toBe(0);
    time.ms += WINDOW_MS / 2;
    expect(counters.take(one(50)).refusedBy).toBeNull();
    expect(counters.take(one(1)).refusedBy).toBe(0);
  });

  it('never count more than the limit in a sliding minute, whatever is asked and when', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 40_000 }), take: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (steps, limit) => {
        const { counters, time } = counting(7_000_000);
        const admitted = new Map<number, number>();
        for (const { afterMs, take } of steps) {
          time.ms += afterMs;
          if (counters.take(one(take, limit)).refusedBy !== null) continue;
          const window = Math.floor(time.ms / WINDOW_MS);
          const now = (admitted.get(window) ?? 0) + take;
          admitted.set(window, now);
          expect(slidingUse(admitted.get(window - 1) ?? 0, now, WINDOW_MS - (time.ms % WINDOW_MS))).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('take from all limits of a call or from none', () => {
    const request = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      limit: fc.integer({ min: 0, max: 20 }),
      take: fc.integer({ min: 1, max: 9 }),
    });
    const call = fc.uniqueArray(request, { selector: (limit) => limit.key, minLength: 1 });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
        const { counters } = counting();
        const taken = new Map<string, number>();
        for (const requests of calls) {
          const fits = requests.every(({ key, limit, take }) => (taken.get(key) ?? 0) + take <= limit);
          const decision = counters.take(requests);
          expect(decision.refusedBy === null).toBe(fits);
          if (fits) for (const { key, take } of requests) taken.set(key, (taken.get(key) ?? 0) + take);
          expect(decision.states.map((state) => state.used)).toEqual(requests.map(({ key }) => taken.get(key) ?? 0));
        }
      }),
    );
  });

  it('name the limit that refused', () => {
    const { counters } = counting();
    const limits = [
      { key: 'wide', limit: 10, take: 1 },
      { key: 'narrow', limit: 0, take: 1 },
    ];
    expect(counters.take(limits).refusedBy).toBe(1);
  });

  it('a debt booked afterwards is paid off before more is admitted, and is gone two minutes later', () => {
    const { counters, time } = counting();
    counters.take(one(5)).correct('k', 658);
    expect(counters.take(one(1)).refusedBy).toBe(0);
    time.ms += WINDOW_MS;
    expect(counters.take(one(1)).refusedBy).toBe(0);
    time.ms += WINDOW_MS;
    expect(counters.take(one(100)).refusedBy).toBeNull();
  });

  it('what was taken too much is given back to the minute it was taken in, and only there', () => {
    const { counters, time } = counting();
    const early = counters.take(one(100));
    time.ms += WINDOW_MS;
    expect(counters.take(one(1)).refusedBy).toBe(0);
    early.correct('k', -90);
    expect(counters.take(one(90)).refusedBy).toBeNull();
    expect(counters.take(one(1)).refusedBy).toBe(0);
    time.ms += WINDOW_MS;
    early.correct('k', -10);
    expect(counters.take(one(11)).refusedBy).toBe(0);
  });

  it('a clock that jumps, forwards or back, locks nobody out for more than a minute longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10 * WINDOW_MS, max: 10 * WINDOW_MS }), (jumpMs) => {
        const { counters, time } = counting(1_000 * WINDOW_MS + 30_000);
        counters.take(one(100));
        time.ms += jumpMs;
        counters.take(one(1));
        time.ms += 3 * WINDOW_MS;
        expect(counters.take(one(100)).refusedBy).toBeNull();
      }),
    );
  });

  it('a clock set back over a boundary does not start the minute anew', () => {
    const { counters, time } = counting(WINDOW_MS);
    counters.take(one(100));
    time.ms -= 1;
    expect(counters.take(one(1)).refusedBy).toBe(0);
  });

  it('keys that come and go do not pile up', () => {
    const { counters, time } = counting();
    for (let key = 0; key < 25_000; key += 1) {
      counters.take([{ key: `k${key}`, limit: 1, take: 1 }]);
      time.ms += 30;
    }
    expect((counters as unknown as { counters: Map<string, unknown> }).counters.size).toBeLessThan(12_000);
  });
});
