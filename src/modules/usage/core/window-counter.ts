/** One limit to check: at most `limit` in any minute, `take` wanted now. Whole numbers. */
export interface WindowRequest {
  /** Names the counter; the same on every replica. */
  readonly key: string;
  readonly limit: number;
  readonly take: number;
}

/** How a counter stands after a decision. */
export interface WindowState {
  readonly used: number;
  /** Milliseconds until the current window ends. */
  readonly windowLeftMs: number;
  /** What the window before counted: it fades out evenly over the current one. */
  readonly previous: number;
}

export interface WindowDecision {
  /** Index of the first limit that said no; null when all agreed and everything was taken. */
  readonly refusedBy: number | null;
  readonly states: readonly WindowState[];
  /** Books a correction of what was taken, up or down, where it was taken. Never waits and never fails. */
  correct(key: string, amount: number): void;
}

/** Counts per minute. All limits of a call are decided together: it takes from all of them or from none. */
export interface WindowCounters {
  take(requests: readonly WindowRequest[]): Promise<WindowDecision> | WindowDecision;
  /** Lets go of what it counts in. */
  close(): void;
}

export const WINDOW_MS = 60_000;

/**
 * What a sliding minute holds: the current window whole, and the part of the one before that the minute still covers, taken as
 * evenly spread. It never lets a burst at the boundary pass twice, which fixed windows do.
 */
export function slidingUse(previous: number, current: number, windowLeftMs: number): number {
  return Math.ceil((previous * windowLeftMs) / WINDOW_MS) + current;
}

interface Counter {
  window: number;
  current: number;
  previous: number;
}

const SWEEP_ABOVE = 10_000;

/** Counters of this process alone. */
export class LocalWindowCounters implements WindowCounters {
  private readonly counters = new Map<string, Counter>();
  private sweepAbove = SWEEP_ABOVE;

  /** `nowMs` is best a monotonic clock: each jump of it by more than a minute forgets what was counted. */
  constructor(private readonly nowMs: () => number) {}

  take(requests: readonly WindowRequest[]): WindowDecision {
    const nowMs = this.nowMs();
    const window = Math.floor(nowMs / WINDOW_MS);
    const windowLeftMs = WINDOW_MS - (nowMs - window * WINDOW_MS);
    const counters = requests.map((request) => this.counter(request.key, window));
    const use = (counter: Counter) => slidingUse(counter.previous, counter.current, counter.window > window ? WINDOW_MS : windowLeftMs);
    const refused = requests.findIndex((request, index) => use(counters[index] as Counter) + request.take > request.limit);
    if (refused === -1) requests.forEach((request, index) => ((counters[index] as Counter).current += request.take));
    return {
      refusedBy: refused === -1 ? null : refused,
      states: counters.map((counter) => ({ used: use(counter), windowLeftMs, previous: counter.previous })),
      correct: (key, amount) => this.correct(key, amount, window),
    };
  }

  close(): void {
    // They lie in this process's memory.
  }

  /** More than was taken counts from now. Less is given back to the window it was taken in, for as long as that one counts. */
  private correct(key: string, amount: number, takenIn: number): void {
    const counter = this.counter(key, Math.floor(this.nowMs() / WINDOW_MS));
    if (amount > 0 || counter.window === takenIn) counter.current = Math.max(0, counter.current + amount);
    else if (counter.window === takenIn + 1) counter.previous = Math.max(0, counter.previous + amount);
  }

  private counter(key: string, window: number): Counter {
    let counter = this.counters.get(key);
    if (!counter) {
      if (this.counters.size >= this.sweepAbove) this.sweep(window);
      counter = { window, current: 0, previous: 0 };
      this.counters.set(key, counter);
    } else if (counter.window !== window) {
      // A clock set back over one boundary stays in the window it was in. Set back further it starts afresh, or callers would be locked out.
      if (window === counter.window - 1) return counter;
      counter.previous = window === counter.window + 1 ? counter.current : 0;
      counter.current = 0;
      counter.window = window;
    }
    return counter;
  }

  /** Forgets counters that have faded out. What is left may be more than the bound; then it is asked for again when that has doubled. */
  private sweep(window: number): void {
    for (const [key, counter] of this.counters) {
      if (counter.window < window - 1 || counter.window > window + 1) this.counters.delete(key);
    }
    this.sweepAbove = Math.max(SWEEP_ABOVE, 2 * this.counters.size);
  }
}
