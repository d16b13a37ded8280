import { Injectable } from '@nestjs/common';
import type { DataClass, WindowedClass } from '../../../../contracts/data-classes.js';
import { declaredTables, type TableDeclaration } from '../../../../contracts/data-inventory.js';
import type { ExpiringTable } from '../../../../contracts/expiring-tables.js';
import type { SweptStore } from '../../../../contracts/swept-store.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { ExpiringTableRegistry } from '../expiring-table-registry.js';
import { durationMs, endOfDay, isSwept } from '../purge/due-moment.js';
import { classOf } from '../purge/known-tables.js';
import { SweepRegistry } from './sweep-registry.js';

/** Rows are not counted for a receipt: it would cost what dropping partitions avoids. */
const TABLE = { expiresByItself: false, remaining: null } as const;

/** The oldest thing left in a store. */
export interface OldestLeft {
  /** Null where nothing says so. */
  readonly writtenAt: Date | null;
  /** When it has to be gone. */
  readonly dueAt: Date;
}

/** What is left in a store. */
export interface Left {
  /** Null when it is empty. */
  readonly oldest: OldestLeft | null;
  /** How much there is; null where nobody counts it. */
  readonly remaining: number | null;
}

/** One store and what is left in it. */
export interface StoreAge extends Left {
  readonly store: string;
  readonly dataClass: DataClass;
  /** Whether it lets go by itself, so that there is only something to be seen. */
  readonly expiresByItself: boolean;
}

/** Where stores are found. */
@Injectable()
export class KnownStores {
  constructor(
    readonly expiring: ExpiringTableRegistry,
    readonly swept: SweepRegistry,
  ) {}
}

/**
 * How old the oldest thing in every store is, measured and not concluded from purges that ran: expiring tables by their partitions, other tables
 * by the column and the time the inventory names, so that also a table whose sweep was forgotten is seen; what is no table by its owner.
 */
@Injectable()
export class Survivors {
  constructor(
    private readonly stores: KnownStores,
    private readonly windows: RetentionWindows,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async all(): Promise<StoreAge[]> {
    const ages: StoreAge[] = [];
    for (const table of this.stores.expiring.tables()) {
      ages.push({ ...TABLE, store: table.table, dataClass: classOf(table), oldest: await this.ofTable(table) });
    }
    for (const declaration of declaredTables()) {
      // The queue's tables are its own role's; it answers for them as a store.
      if (!isSwept(declaration.retention) || declaration.table.includes('.')) continue;
      ages.push({ ...TABLE, store: declaration.table, dataClass: declaration.dataClass, oldest: await this.ofSwept(declaration) });
    }
    for (const swept of this.stores.swept.stores()) ages.push(await this.ofStore(swept));
    return ages;
  }

  /** What this process has to itself. */
  async ofProcess(): Promise<StoreAge[]> {
    const ages: StoreAge[] = [];
    for (const swept of this.stores.swept.ownStores()) ages.push(await this.ofStore(swept));
    return ages;
  }

  /** Nothing for a store that is none. Of one that each process has of its own, what this one has. */
  async of(store: string): Promise<Left> {
    const table = this.stores.expiring.tables().find((each) => each.table === store);
    if (table) return { ...TABLE, oldest: await this.ofTable(table) };
    const declaration = declaredTables().find((each) => each.table === store);
    if (declaration) return { ...TABLE, oldest: await this.ofSwept(declaration) };
    const swept = [...this.stores.swept.stores(), ...this.stores.swept.ownStores()].find((each) => each.store === store);
    return swept ? this.ofStore(swept) : { oldest: null, remaining: null };
  }

  async ofTable(table: ExpiringTable): Promise<OldestLeft | null> {
    const [row] = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ day: string | null; writtenAt: Date | null }[]>(
        'SELECT day::text AS day, written_at AS "writtenAt" FROM oldest_filed($1)',
        [table.table],
      ),
    );
    if (row === undefined || row.day === null) return null;
    const filed = endOfDay(row.day);
    if (row.writtenAt === null || table.fixed === true) return { writtenAt: row.writtenAt, dueAt: filed };
    // Whatever day it was filed under, nothing may be older than the longest window.
    const longest = new Date(row.writtenAt.getTime() + (this.longestDays(table) + 1) * DAY_MS);
    return { writtenAt: row.writtenAt, dueAt: longest < filed ? longest : filed };
  }

  private async ofStore(swept: SweptStore): Promise<StoreAge> {
    const { store, dataClass, expiresByItself } = swept;
    const [oldest, remaining] = [await swept.oldestSurvivor(this.clock.nowMs()), await swept.entries()];
    return { store, dataClass, expiresByItself, oldest, remaining };
  }

  private async ofSwept({ table, retention, dataClass }: TableDeclaration): Promise<OldestLeft | null> {
    if (!isSwept(retention)) return null;
    const [row] = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ at: Date | null }[]>('SELECT earliest_moment($1, $2) AS at', [table, retention.from]),
    );
    if (row === undefined || row.at === null) return null;
    const within =
      retention.kind === 'transient' ? durationMs(retention.within) : this.windows.days(dataClass as WindowedClass, null) * DAY_MS;
    return { writtenAt: row.at, dueAt: new Date(row.at.getTime() + within) };
  }

  private longestDays({ window }: ExpiringTable): number {
    return 'longestDays' in window ? window.longestDays : Math.max(0, ...this.windows.inForce(window.dataClass));
  }
}
