import { Clock, DAY_MS } from '../../../kernel/clock.js';

const NOON_MS = DAY_MS / 2;

/**
 * Time that goes on as usual, and leaps when told to. It begins at noon of today, UTC, so that no day ends of itself while a run is going on. Not a
 * `SystemClock`: whoever compares real time with the database's knows that this is not meant.
 */
export class TravelClock extends Clock {
  readonly beganMs: number;
  private leapMs: number;

  constructor() {
    super();
    const nowMs = Date.now();
    this.beganMs = Math.floor(nowMs / DAY_MS) * DAY_MS + NOON_MS;
    this.leapMs = this.beganMs - nowMs;
  }

  override nowMs(): number {
    return Date.now() + this.leapMs;
  }

  override monotonicMs(): number {
    return performance.now();
  }

  /** Whole days since the beginning. */
  get day(): number {
    return Math.floor((this.nowMs() - this.beganMs) / DAY_MS);
  }

  /** Leaps to noon of a later day. */
  leapToDay(day: number): void {
    this.leapMs += this.beganMs + day * DAY_MS - this.nowMs();
  }
}
