import { describe, expect, it } from 'vitest';
import { type PressureRule, weigh } from './pressure-rules.js';

const RULE: PressureRule = { free: 5, fallsEverySeconds: 300, longestWaitSeconds: 900 };
const T0 = 1_800_000_000_000;

/** Tries without pause for so long, and answers how often it was let through. */
function siege(seconds: number): number {
  let state = { level: 0, changedAtMs: T0 };
  let admitted = 0;
  for (let nowMs = T0; nowMs < T0 + seconds * 1_000; nowMs += 1_000) {
    const verdict = weigh(RULE, state, nowMs);
    if (!('level' in verdict)) continue;
    admitted += 1;
    state = { level: verdict.level, changedAtMs: nowMs };
  }
  return admitted;
}

describe('weigh', () => {
  it('lets the first five through at once and then makes each wait twice as long', () => {
    let state = { level: 0, changedAtMs: T0 };
    const waits: number[] = [];
    let nowMs = T0;
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const verdict = weigh(RULE, state, nowMs);
      const wait = 'waitSeconds' in verdict ? verdict.waitSeconds : 0;
      waits.push(Math.round(wait));
      nowMs += wait * 1_000;
      const admitted = weigh(RULE, state, nowMs);
      state = { level: 'level' in admitted ? admitted.level : Number.NaN, changedAtMs: nowMs };
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8]);
  });

  it('A7: whoever never stops makes some hundreds of guesses a day, not millions', () => {
    const guesses = siege(86_400);
    expect(guesses).toBeGreaterThan(50);
    expect(guesses).toBeLessThan(400);
  });

  it('nobody waits longer than the longest wait, and an hour or two after a siege nobody waits', () => {
    const worst = { level: 1e9, changedAtMs: T0 };
    expect(weigh(RULE, worst, T0)).toEqual({ waitSeconds: 900 });
    const verdict = weigh(RULE, worst, T0 + 900_000);
    expect('level' in verdict && verdict.level).toBeLessThan(17);
    const after = { level: 'level' in verdict ? verdict.level : 0, changedAtMs: T0 };
    expect(weigh(RULE, after, T0 + 4_000_000)).toHaveProperty('level');
  });

  it("a clock that stands behind another replica's lets nobody through earlier, and holds nobody up for longer", () => {
    const ahead = { level: 7, changedAtMs: T0 + 60_000 };
    expect(weigh(RULE, ahead, T0)).toEqual({ waitSeconds: 4 });
  });
});
