import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, waitAfter } from './retry-schedule.js';

describe('the waits between attempts', () => {
  it('grow, and reach from seconds over a whole day', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, index) => waitAfter(index + 1, null, 0) ?? 0);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits[0]).toBe(5_000);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThanOrEqual(24 * 3_600_000);
    expect(waitAfter(MAX_ATTEMPTS, null, 0)).toBeNull();
  });

  it('are longer when the receiver asks for it, within reason', () => {
    expect(waitAfter(1, 60, 0)).toBe(60_000);
    expect(waitAfter(1, 999_999, 0)).toBe(3_600_000);
    expect(waitAfter(MAX_ATTEMPTS, 60, 0)).toBeNull();
  });

  it('differ by up to a tenth, so that what failed together does not come back together', () => {
    expect(waitAfter(1, null, 0.999)).toBeGreaterThan(5_400);
    expect(waitAfter(1, null, 0.999)).toBeLessThanOrEqual(5_500);
  });
});
