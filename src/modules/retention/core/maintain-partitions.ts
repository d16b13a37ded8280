import { Injectable } from '@nestjs/common';
import type { ExpiringTable } from '../../../contracts/expiring-tables.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { Clock, DAY_MS, SystemClock, utcDay, utcDayAfter } from '../../../kernel/clock.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { type MaintenanceRound, PartitionMaintenance } from '../retention.contract.js';
import { ExpiringTableRegistry } from './expiring-table-registry.js';
import { type Partition, Partitions } from './partitions.js';

/**
 * Days made on either side of the day that rows written now expire on: later ones, so that a worker may be away for as long before
 * anyone has to make a partition on the way; earlier ones for records that arrive late, from a journal or the reaper.
 */
const MARGIN_DAYS = 3;
/** Steps in a row that find everything in use, after which the rest waits for the next round. */
const MAX_FRUITLESS_STEPS = 3;
/** Two clocks further apart than this: one of them is wrong, and a wrong clock must not purge. Whoever writes makes the partition it needs. */
const MAX_CLOCK_GAP_MS = DAY_MS;

/**
 * {@link PartitionMaintenance}. A day is over when the injected clock says so, in UTC: a clock that goes back drops nothing early. One
 * that leaps ahead would drop everything, so real time is compared with the database's before anything goes.
 */
@Injectable()
export class MaintainPartitions extends PartitionMaintenance {
  constructor(
    private readonly registry: ExpiringTableRegistry,
    private readonly partitions: Partitions,
    private readonly windows: RetentionWindows,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
  }

  override async run(signal?: AbortSignal): Promise<MaintenanceRound> {
    const tables = this.registry.tables();
    const round = { created: 0, dropped: [] as string[], postponed: [] as string[] };
    if (!(await this.clocksAgree())) return round;
    for (const table of tables) {
      const existing = await this.partitions.list(table.table);
      round.created += await this.createAhead(table, existing, signal);
      const expired = existing.filter(({ day }) => day < utcDay(this.clock.nowMs()));
      const dropped = await this.dropOneByOne(table.table, expired, signal);
      round.dropped.push(...dropped);
      round.postponed.push(...expired.map(({ name }) => name).filter((name) => !dropped.includes(name)));
    }
    return round;
  }

  private async createAhead(table: ExpiringTable, existing: readonly Partition[], signal?: AbortSignal): Promise<number> {
    const present = new Set(existing.map(({ day }) => day));
    const nowMs = this.clock.nowMs();
    const spans = this.spansOf(table);
    const wanted = new Set(
      spans.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, days) => utcDayAfter(nowMs, first + days))),
    );
    const missing = [...wanted].filter((day) => !present.has(day)).sort();
    const created = missing.length > 0 && signal?.aborted !== true ? await this.partitions.create(table.table, missing) : 0;
    const horizon = utcDayAfter(nowMs, Math.max(0, ...spans.map(({ last }) => last)));
    const beyond = existing.filter(({ day }) => day > horizon).length;
    // A clock that leapt ahead filed rows there, or the window was shortened: they outlive the window, so a person must know.
    if (beyond > 0)
      this.log.warn('partitions expire later than the window says', { component: 'retention', table: table.table, count: beyond });
    return created;
  }

  /** The days from today that rows written around now may expire on. A window of 0 has none: nothing is written. */
  private spansOf({ window }: ExpiringTable): { readonly first: number; readonly last: number }[] {
    const around = (shortest: number, longest: number) => ({ first: Math.max(0, shortest - MARGIN_DAYS), last: longest + MARGIN_DAYS });
    if ('longestDays' in window) return [around(window.shortestDays, window.longestDays)];
    return this.windows
      .inForce(window.dataClass)
      .filter((days) => days > 0)
      .map((days) => around(days, days));
  }

  /**
   * Oldest first, each step in its own transaction. A step asks again for those before it that were busy, and what it drops comes
   * last: so the table is never held locked while waiting for a partition.
   */
  private async dropOneByOne(table: string, expired: readonly Partition[], signal?: AbortSignal): Promise<string[]> {
    const dropped: string[] = [];
    let fruitless = 0;
    for (const { name, day } of expired) {
      if (signal?.aborted === true || fruitless === MAX_FRUITLESS_STEPS) break;
      const names = await this.partitions.dropThrough(table, day);
      dropped.push(...names);
      fruitless = names.length > 0 ? 0 : fruitless + 1;
      if (!dropped.includes(name))
        this.log.warn('an expired partition is in use; the next round drops it', { component: 'retention', table, partition: name });
    }
    if (dropped.length > 0) this.log.info('dropped expired partitions', { component: 'retention', table, count: dropped.length });
    return dropped;
  }

  /** A clock set by hand is right by definition; only one that claims to be real time is checked against the database's. */
  private async clocksAgree(): Promise<boolean> {
    if (!(this.clock instanceof SystemClock)) return true;
    const gapMs = Math.abs(await this.partitions.clockLeadMs(this.clock.nowMs()));
    if (gapMs <= MAX_CLOCK_GAP_MS) return true;
    this.log.error('the clocks of this machine and of the database disagree; nothing is purged', { component: 'retention', ageMs: gapMs });
    return false;
  }
}
