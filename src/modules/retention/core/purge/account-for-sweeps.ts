import { Injectable } from '@nestjs/common';
import type { DataClass } from '../../../../contracts/data-classes.js';
import { declaredTables } from '../../../../contracts/data-inventory.js';
import type { RemovedEntry, RemovedRows, SweepContext, SweptStore, SweptTables } from '../../../../contracts/swept-store.js';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { RemovalsRepository } from '../../data/removals.repository.js';
import { Receipts } from '../receipts/receipts.js';

/** An announcement of this age is of a process that died: what it was about to remove took minutes. */
const FORSAKEN_MS = 3_600_000;

/**
 * The one way in which sweeps let go of anything: no row, file, job or key goes without being in exactly one receipt, wherever the process dies. Rows are
 * noted in the transaction that deletes them; what is in no table is announced before and noted after, and what was announced is settled once.
 */
@Injectable()
export class AccountForSweeps {
  constructor(
    private readonly receipts: Receipts,
    private readonly removals: RemovalsRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  tables(swept: SweptTables, context: SweepContext): Promise<void> {
    return swept.sweep({ ...context, removing: (work) => this.removeRows(work) });
  }

  /** Raises what the sweep raised; what it had announced is then offered again by the next one. */
  async store(swept: SweptStore, context: SweepContext): Promise<void> {
    const beganAt = this.clock.now();
    await swept.sweep({ ...context, removing: (entries, removal) => this.removeEntries(swept, entries, removal) });
    if (context.signal.aborted) return;
    // Of a store that several processes have, another one may be removing something at this moment.
    const announcedBefore = swept.isOfProcess ? new Date(beganAt.getTime() - FORSAKEN_MS) : beganAt;
    await this.unitOfWork.asSystem(async (tx) =>
      this.note(tx, swept.store, swept.dataClass, await this.removals.settleOlder(tx, swept.store, announcedBefore)),
    );
  }

  private removeRows(work: (tx: Tx) => Promise<RemovedRows>): Promise<RemovedRows> {
    return this.unitOfWork.asSystem(async (tx) => {
      const removed = await work(tx);
      for (const [table, rows] of Object.entries(removed)) await this.note(tx, table, classOfTable(table), { rows, bytes: null });
      return removed;
    });
  }

  private async removeEntries(
    { store, dataClass }: SweptStore,
    entries: readonly RemovedEntry[],
    removal: () => Promise<void>,
  ): Promise<void> {
    if (entries.length === 0) return;
    await this.unitOfWork.asSystem((tx) => this.removals.announce(tx, store, entries, this.clock.now()));
    await removal();
    await this.unitOfWork.asSystem(async (tx) => this.note(tx, store, dataClass, await this.removals.settle(tx, store, entries)));
  }

  private async note(tx: Tx, store: string, dataClass: DataClass, removed: { rows: number; bytes: number | null }): Promise<void> {
    if (removed.rows === 0) return;
    const now = this.clock.now();
    const step = { store, action: 'swept', dataClass, cutOff: now, beganAt: now, partitions: 0, rowsExact: true, held: 0 } as const;
    await this.receipts.note(tx, { ...step, ...removed });
  }
}

function classOfTable(table: string): DataClass {
  return declaredTables().find((each) => each.table === table)?.dataClass ?? 'operational';
}
