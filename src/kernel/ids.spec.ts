import { v4 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { type CallId, type Id, idTimeMs, isId, isTimedId, newId } from './ids.js';

describe('ids', () => {
  it('are unique and sort in the order they were made', () => {
    const made = Array.from({ length: 2_000 }, () => newId<CallId>());
    expect(new Set(made).size).toBe(made.length);
    expect(made.toSorted()).toEqual(made);
  });

  it('carry the moment they were made', () => {
    const before = Date.now();
    const time = idTimeMs(newId());
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() + 1);
    expect(isTimedId(newId())).toBe(true);
  });

  it('carry the moment of a given clock, keep their order when it is set back a little, and follow it when it is far back', () => {
    const START_MS = Date.UTC(2040, 0, 1);
    const made = [0, 5, -30_000, 6].map((ms) => newId<CallId>(START_MS + ms));
    expect(made.map((id) => idTimeMs(id) - START_MS)).toEqual([0, 5, 5, 6]);
    expect(made.toSorted()).toEqual(made);
    expect(idTimeMs(newId(START_MS - 3_600_000))).toBe(START_MS - 3_600_000);
    expect(Math.abs(idTimeMs(newId()) - Date.now())).toBeLessThan(1_000);
  });

  it('of another version carry no moment', () => {
    expect(() => idTimeMs(v4() as Id<'x'>)).toThrow(TypeError);
    expect(() => idTimeMs('no id' as Id<'x'>)).toThrow(TypeError);
    expect([v4(), 'no id'].map((id) => isTimedId(id as Id<'x'>))).toEqual([false, false]);
  });

  it.each(['', 'x', 7, null, undefined, '0190', `{${v4()}}`, v4().replaceAll('-', ''), `${v4()}\n`])('%j is none', (value) => {
    expect(isId(value)).toBe(false);
  });
});
