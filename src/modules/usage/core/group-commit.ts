const MAX_BATCH = 512;
/** So many waiting entries do not wait for the write before them to land. Fewer gain more from sharing the next one. */
const FULL_BATCH = 32;

/**
 * Lets entries that wait for a commit share it: everything that arrived since the last one left leaves together, at the end of a turn
 * of the event loop. One write runs at a time, and more, up to `maxFlights`, only while batches are full. `write` tells each entry how it
 * ended and does not reject. It may call `landed` before it does so: then the next batch is on its way while those entries go on.
 */
export class GroupCommit<Entry> {
  private queue: Entry[] = [];
  private flights = 0;
  private scheduled = false;
  private holds = 0;
  private readonly landings: (() => void)[] = [];

  /** `maxFlights`: writes that may run at a time. */
  constructor(
    private readonly write: (batch: readonly Entry[], landed: () => void) => Promise<void>,
    private readonly maxFlights: () => number,
  ) {}

  get isIdle(): boolean {
    return this.queue.length === 0 && this.flights === 0 && this.holds === 0;
  }

  add(entry: Entry): void {
    this.queue.push(entry);
    this.schedule();
  }

  /** Puts entries that were taken out back to the front. */
  giveBack(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.queue.unshift(...entries);
    this.schedule();
  }

  /** Runs `work` when no write is running, and starts none until it is done. Must not be nested. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.holds += 1;
    try {
      if (this.flights > 0) await new Promise<void>((resolve) => this.landings.push(resolve));
      return await work();
    } finally {
      this.holds -= 1;
      this.schedule();
    }
  }

  private schedule(): void {
    if (this.scheduled || !this.mayFly()) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flyAll();
    });
  }

  private flyAll(): void {
    while (this.mayFly()) this.fly();
  }

  private mayFly(): boolean {
    if (this.queue.length === 0 || this.holds > 0) return false;
    return this.flights === 0 || (this.queue.length >= FULL_BATCH && this.flights < this.maxFlights());
  }

  private fly(): void {
    const batch = this.queue.length <= MAX_BATCH ? this.queue : this.queue.slice(0, MAX_BATCH);
    this.queue = batch === this.queue ? [] : this.queue.slice(MAX_BATCH);
    this.flights += 1;
    let inFlight = true;
    const landed = () => {
      if (!inFlight) return;
      inFlight = false;
      this.flights -= 1;
      if (this.flights === 0) for (const heard of this.landings.splice(0)) heard();
      this.flyAll();
    };
    void this.write(batch, landed).finally(landed);
  }
}
