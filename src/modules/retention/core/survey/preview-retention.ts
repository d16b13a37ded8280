import { Injectable } from '@nestjs/common';
import type { DataClass, WindowedClass } from '../../../../contracts/data-classes.js';
import type { ExpiringTable } from '../../../../contracts/expiring-tables.js';
import { PolicyProfile } from '../../../../contracts/policy-profile.js';
import { Clock, DAY_MS, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import { ExpiringTableRegistry } from '../expiring-table-registry.js';
import { Partitions } from '../partitions.js';
import { classOf } from '../purge/known-tables.js';
import { effectiveDays } from '../windows/effective-days.js';

/** What is asked: what would go until a day, and what would go if windows were others. */
export interface PreviewRequest {
  /** The last day looked at, `YYYY-MM-DD` UTC; rows that expire before it would be gone. */
  readonly on: string;
  /** Windows to try, days by class; a class that is not named keeps those it has. */
  readonly days: Readonly<Partial<Record<WindowedClass, number>>>;
  /** A plan to try, for everything stored; null: none. */
  readonly plan: string | null;
}

export interface PreviewedDay {
  /** The day the rows are filed under, `YYYY-MM-DD` UTC. They go when it is over. */
  readonly day: string;
  readonly rows: number;
  readonly rowsExact: boolean;
  readonly bytes: number;
}

/** What would become of one table. */
export interface PreviewedTable {
  readonly table: string;
  readonly dataClass: DataClass;
  /** The longest it is kept, days, under what was asked. */
  readonly days: number;
  /** By the day they are filed under now, oldest first. */
  readonly gone: readonly PreviewedDay[];
  /** Rows of which a legal hold keeps a copy or will, of those that would go. */
  readonly held: number;
  readonly staysRows: number;
}

interface Measured extends PreviewedDay {
  readonly held: number;
}

/** Says what would go when, and changes nothing. Figures of large partitions are estimates, at a cost that does not grow with them. */
@Injectable()
export class PreviewRetention {
  constructor(
    private readonly registry: ExpiringTableRegistry,
    private readonly partitions: Partitions,
    private readonly profile: PolicyProfile,
    private readonly clock: Clock,
  ) {}

  async run(request: PreviewRequest): Promise<PreviewedTable[]> {
    const previews: PreviewedTable[] = [];
    for (const table of this.registry.tables()) previews.push(await this.preview(table, request));
    return previews;
  }

  private async preview(table: ExpiringTable, request: PreviewRequest): Promise<PreviewedTable> {
    const longest = this.longestDays(table);
    const tried = table.fixed === true ? longest : Math.min(longest, this.triedDays(table, request) ?? longest);
    // A row filed under a day was written the window before it: with a shorter one it would be filed that much earlier.
    const lastGone = utcDayAfter(Date.parse(`${request.on}T00:00:00Z`) - DAY_MS, longest - tried);
    const gone: Measured[] = [];
    let staysRows = 0;
    for (const partition of await this.partitions.list(table.table)) {
      const measured = { ...(await this.partitions.measure(table.table, partition)), day: partition.day };
      if (measured.rows === 0) continue;
      if (partition.day <= lastGone) gone.push(measured);
      else staysRows += measured.rows;
    }
    const held = gone.reduce((sum, day) => sum + day.held, 0);
    const days = gone.map(({ day, rows, rowsExact, bytes }) => ({ day, rows, rowsExact, bytes }));
    return { table: table.table, dataClass: classOf(table), days: tried, gone: days, held, staysRows };
  }

  private triedDays({ window }: ExpiringTable, { days, plan }: PreviewRequest): number | undefined {
    if (!('dataClass' in window)) return undefined;
    return days[window.dataClass] ?? (plan === null ? undefined : effectiveDays(this.profile, plan, {})[window.dataClass]);
  }

  private longestDays({ window }: ExpiringTable): number {
    if ('longestDays' in window) return window.longestDays;
    const { days } = this.profile.windows[window.dataClass];
    return Math.max(0, ...Object.values(days));
  }

  /** The day it is, for a request that names none. */
  today(): string {
    return utcDay(this.clock.nowMs());
  }
}
