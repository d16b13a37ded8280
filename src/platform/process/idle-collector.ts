import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';

/** What is looked at, and what is done. Replaced in tests. */
export interface Collectable {
  /** Share of the time since it was last asked in which the event loop was at work, 0 to 1. */
  utilisation(): number;
  /** What lies in the old generation, dead or alive. */
  oldBytes(): number;
  /** A full collection, at once. */
  collect(): void;
}

const LOOK_MS = 250;
/** So many looks in a row at a process that does next to nothing are a lull. */
const LULL_LOOKS = 4;
const IDLE_UTILISATION = 0.05;
/** Less is not worth the tenth of a second a full collection takes. */
const WORTH_BYTES = 8 * 1024 * 1024;

/**
 * Collects in full in a lull, when enough has gathered since the last collection. Under load a full collection shares the core with the calls, and
 * those that begin meanwhile wait; a process that has just been idle begins without one due, and an idle one does not keep a rush's garbage.
 */
export class IdleCollector {
  private looks = 0;
  private leastBytes = Number.POSITIVE_INFINITY;

  constructor(private readonly heap: Collectable) {}

  /** Looks on by itself from now on, without keeping the process alive. Does nothing where Node was not started with `--expose-gc`. */
  static start(): void {
    const collect = globalThis.gc;
    if (collect === undefined) return;
    const collector = new IdleCollector({ utilisation: utilisationMeter(), oldBytes, collect: () => collect() });
    setInterval(() => collector.look(), LOOK_MS).unref();
  }

  look(): void {
    this.looks = this.heap.utilisation() < IDLE_UTILISATION ? this.looks + 1 : 0;
    if (this.looks < LULL_LOOKS) return;
    this.looks = 0;
    const bytes = this.heap.oldBytes();
    // V8 collects as well.
    this.leastBytes = Math.min(this.leastBytes, bytes);
    if (bytes - this.leastBytes < WORTH_BYTES) return;
    this.heap.collect();
    this.leastBytes = this.heap.oldBytes();
  }
}

function utilisationMeter(): () => number {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

/** Objects are made in the new generation, where what is dead costs nothing. */
function oldBytes(): number {
  const old = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('new_'));
  return old.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}
