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
/** Three fifths of what V8 lets gather before it collects by itself, under load. */
const ROOM_BYTES = 32 * 1024 * 1024;
/** After a minute of nothing the memory is worth more than the speed of the first second after it. */
const LONG_LULL_LOOKS = 240;

/**
 * Collects in full in a lull, when a rush like the last would not end without a collection. Under load a full collection shares the core with the
 * calls, and those that begin meanwhile wait; a process that has just been idle begins without one due, and one that stays idle gives its memory
 * back. Not sooner, because it has a price: while nothing of a call is alive V8 forgets what its objects look like, throws the code away that was
 * made for them, and is slower by a fifth until it has made it again.
 */
export class IdleCollector {
  private looks = 0;
  private leastBytes = Number.POSITIVE_INFINITY;
  private lastBytes = Number.POSITIVE_INFINITY;
  /** What has been added since the last lull, whatever V8 has collected meanwhile. */
  private addedBytes = 0;
  /** What the last rush had added. */
  private rushBytes = 0;

  constructor(private readonly heap: Collectable) {}

  /** Looks on by itself from now on, without keeping the process alive. Does nothing where Node was not started with `--expose-gc`. */
  static start(): void {
    const collect = globalThis.gc;
    if (collect === undefined) return;
    const collector = new IdleCollector({ utilisation: utilisationMeter(), oldBytes, collect: () => collect() });
    setInterval(() => collector.look(), LOOK_MS).unref();
  }

  look(): void {
    const bytes = this.heap.oldBytes();
    this.addedBytes += Math.max(0, bytes - this.lastBytes);
    this.lastBytes = bytes;
    this.looks = this.heap.utilisation() < IDLE_UTILISATION ? this.looks + 1 : 0;
    if (this.looks === 0 || this.looks % LULL_LOOKS > 0) return;
    if (this.looks === LULL_LOOKS) [this.rushBytes, this.addedBytes] = [this.addedBytes, 0];
    // V8 collects as well.
    this.leastBytes = Math.min(this.leastBytes, bytes);
    const gathered = bytes - this.leastBytes;
    const isRoomy = gathered + this.rushBytes < ROOM_BYTES && this.looks < LONG_LULL_LOOKS;
    if (gathered < WORTH_BYTES || isRoomy) return;
    this.heap.collect();
    this.leastBytes = this.heap.oldBytes();
    this.lastBytes = this.leastBytes;
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
