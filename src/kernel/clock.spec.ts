import { describe, expect, it } from 'vitest';
import { DAY_MS, ManualClock, SystemClock, utcDay, utcDayAfter } from './clock.js';

describe('clocks', () => {
  it('the system clock tells wall time, and durations that never run back', () => {
    const clock = new SystemClock();
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(50);
    const first = clock.monotonicMs();
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });

  it('a manual clock moves only when told to, so a test lives through seven years', () => {
    const clock = new ManualClock(Date.parse('2026-11-21T12:00:00Z'));
    clock.advance(7 * 365 * DAY_MS);
    expect(clock.now().toISOString()).toBe('2033-11-19T12:00:00.000Z');
    expect(clock.monotonicMs()).toBe(clock.nowMs());
  });
});

describe('UTC days', () => {
  it.each([
    ['2026-03-29T00:59:59.999Z', '2026-03-29'],
    ['2026-12-31T23:59:59.999Z', '2026-12-31'],
    ['2027-01-01T00:00:00.000Z', '2027-01-01'],
    ['1969-12-31T23:59:59.000Z', '1969-12-31'],
  ])('%s falls on %s wherever the process runs', (moment, day) => {
    expect(utcDay(Date.parse(moment))).toBe(day);
  });

  it('count over month ends, leap days and clock changes', () => {
    expect(utcDayAfter(Date.parse('2028-02-28T23:30:00Z'), 1)).toBe('2028-02-29');
    expect(utcDayAfter(Date.parse('2026-10-24T23:30:00Z'), 2)).toBe('2026-10-26');
    expect(utcDayAfter(Date.parse('2026-12-02T00:00:00Z'), 30)).toBe('2027-01-01');
  });
});
