import { Injectable } from '@nestjs/common';
import type { ExpiringTable } from '../../../contracts/expiring-tables.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { Clock, utcDayAfter } from '../../../kernel/clock.js';
import { type MaintenanceRound, PartitionMaintenance } from '../retention.contract.js';
import { ExpiringTableRegistry } from './expiring-table-registry.js';
import { type Partition, Partitions } from './partitions.js';
import { DropPartitions } from './purge/drop-partitions.js';
import { KnownTables } from './purge/known-tables.js';
import { TrustedClock } from './purge/trusted-clock.js';

/**
 * Days made on either side of the day that rows written now expire on: later ones, so that a worker may be away for as long before
 * anyone has to make a partition on the way; earlier ones for records that arrive late, from a journal or the reaper.
 */
const MARGIN_DAYS = 3;

/** Where partitions are made and dropped, and whether the time is to be believed. */
@Injectable()
export class PartitionTools {
  constructor(
    readonly partitions: Partitions,
    readonly known: KnownTables,
    readonly drop: DropPartitions,
    readonly trusted: TrustedClock,
  ) {}
}

/**
 * {@link PartitionMaintenance}. A day is over when the injected clock says so, in UTC: a clock that goes back drops nothing early. One
 * that leaps ahead would drop everything, so real time is compared with the database's before anything goes.
 */
@Injectable()
export class MaintainPartitions extends PartitionMaintenance {
  constructor(
    private readonly registry: ExpiringTableRegistry,
    private readonly tools: PartitionTools,
    private readonly windows: RetentionWindows,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(signal?: AbortSignal): Promise<MaintenanceRound> {
    const tables = this.registry.tables();
    const round = { created: 0, dropped: [] as string[], postponed: [] as string[] };
    if (!(await this.tools.trusted.agrees())) return round;
    await this.tools.known.tell();
    for (const table of tables) {
      const existing = await this.tools.partitions.list(table.table);
      round.created += await this.createAhead(table, existing, signal);
      const { dropped, postponed } = await this.tools.drop.run(table, existing, signal);
      round.dropped.push(...dropped);
      round.postponed.push(...postponed);
    }
    return round;
  }

  private async createAhead(table: ExpiringTable, existing: readonly Partition[], signal?: AbortSignal): Promise<number> {
    const present = new Set(existing.map(({ day }) => day));
    const nowMs = this.clock.nowMs();
    const wanted = new Set(
      this.spansOf(table).flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, days) => utcDayAfter(nowMs, first + days)),
      ),
    );
    const missing = [...wanted].filter((day) => !present.has(day)).sort();
    return missing.length > 0 && signal?.aborted !== true ? this.tools.partitions.create(table.table, missing) : 0;
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
}
