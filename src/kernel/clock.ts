/**
 * Where time comes from. Retention, budgets and expiry ask this and never `Date.now()` or SQL `now()`,
 * so a test can live through seven years. Also the injection token.
 */
export abstract class Clock {
  /** Wall-clock time, milliseconds since the epoch. May jump. */
  abstract nowMs(): number;
  /** Monotonic time, milliseconds from an arbitrary origin: for durations only. */
  abstract monotonicMs(): number;

  now(): Date {
    return new Date(this.nowMs());
  }
}

export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }

  override monotonicMs(): number {
    return performance.now();
  }
}

/** A clock that moves only when told to. */
export class ManualClock extends Clock {
  constructor(private currentMs: number) {
    super();
  }

  override nowMs(): number {
    return this.currentMs;
  }

  override monotonicMs(): number {
    return this.currentMs;
  }

  advance(ms: number): void {
    this.currentMs += ms;
  }
}

export const DAY_MS = 86_400_000;

/** Days are asked for again and again on the path of a call, and nearly always the same few. */
const dayNames = new Map<number, string>();
const DAY_NAMES_KEPT = 64;

/** The UTC calendar day of a moment, `YYYY-MM-DD`. */
export function utcDay(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  let name = dayNames.get(day);
  if (name === undefined) {
    name = new Date(day * DAY_MS).toISOString().slice(0, 10);
    if (dayNames.size >= DAY_NAMES_KEPT) dayNames.clear();
    dayNames.set(day, name);
  }
  return name;
}

/** The UTC calendar day `days` after the one `ms` falls on, `YYYY-MM-DD`. */
export function utcDayAfter(ms: number, days: number): string {
  return utcDay(ms + days * DAY_MS);
}
