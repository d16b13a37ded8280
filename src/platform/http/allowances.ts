import type { Clock } from '../../kernel/clock.js';

const MINUTE_MS = 60_000;
/** Callers remembered; past that the ones not seen for longest are forgotten, which forgives them. */
const MAX_CALLERS = 20_000;

/** How much of its allowance a caller has left, and when that was so. */
interface Allowance {
  readonly left: number;
  readonly atMs: number;
}

/** Lets each of many callers do something so many times a minute, all at once if they like; the allowance grows back evenly. Per process. */
export class Allowances {
  private readonly byCaller = new Map<string, Allowance>();

  constructor(private readonly clock: Clock) {}

  /** Takes one from what `caller` may do; answers how many milliseconds to wait when there is none left, and else 0. */
  take(caller: string, perMinute: number): number {
    const nowMs = this.clock.monotonicMs();
    const before = this.byCaller.get(caller) ?? { left: perMinute, atMs: nowMs };
    const left = Math.min(perMinute, before.left + ((nowMs - before.atMs) * perMinute) / MINUTE_MS);
    // Map order is age.
    this.byCaller.delete(caller);
    this.byCaller.set(caller, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
    const [oldest] = this.byCaller.keys();
    if (this.byCaller.size > MAX_CALLERS && oldest !== undefined) this.byCaller.delete(oldest);
    return left >= 1 ? 0 : ((1 - left) * MINUTE_MS) / perMinute;
  }
}
