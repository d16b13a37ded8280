import { Injectable } from '@nestjs/common';
import type { DataClass } from '../../../../contracts/data-classes.js';
import { declaredTables } from '../../../../contracts/data-inventory.js';
import { LegalHolds } from '../../../../contracts/legal-holds.js';
import type { SweepContext } from '../../../../contracts/swept-store.js';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { CloseReceipts } from '../receipts/close-receipts.js';
import { Receipts } from '../receipts/receipts.js';
import { SweepRegistry } from '../survey/sweep-registry.js';

/** What goes within minutes is summed up: a receipt an hour for each store that something was swept from. */
const RECEIPT_EVERY_MS = 3_600_000;

/** What is swept, and by what it is held. */
@Injectable()
export class SweepGround {
  constructor(
    readonly registry: SweepRegistry,
    readonly holds: LegalHolds,
    readonly closing: CloseReceipts,
    readonly unitOfWork: UnitOfWork,
  ) {}
}

/** Lets every module sweep what it has that is not partitioned, one after the other, and accounts for it. One that fails does not keep others from it. */
@Injectable()
export class SweepStores {
  constructor(
    private readonly ground: SweepGround,
    private readonly receipts: Receipts,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Raises what the first sweep that failed raised, once all have had their turn. */
  async run(signal: AbortSignal): Promise<void> {
    const { registry, holds } = this.ground;
    const context: SweepContext = { nowMs: this.clock.nowMs(), signal, holds };
    const tables = registry.tables().map((each) => async () => {
      for (const [table, rows] of Object.entries(await each.sweep(context))) await this.note(table, classOfTable(table), { rows });
    });
    const stores = registry.stores().map((each) => async () => this.note(each.store, each.dataClass, await each.sweep(context)));
    const failures: unknown[] = [];
    for (const sweep of [...tables, ...stores]) {
      if (signal.aborted) break;
      await sweep().catch((error: unknown) => {
        this.log.warn('a sweep failed; the next round tries again', { component: 'retention', err: error });
        failures.push(error);
      });
    }
    await this.ground.closing.run(RECEIPT_EVERY_MS);
    if (failures.length > 0) throw failures[0];
  }

  private async note(store: string, dataClass: DataClass, { rows, bytes }: { rows: number; bytes?: number }): Promise<void> {
    if (rows === 0) return;
    const now = this.clock.now();
    const step = { store, action: 'swept', dataClass, cutOff: now, beganAt: now, partitions: 0, rowsExact: true, held: 0 } as const;
    await this.ground.unitOfWork.asSystem((tx) => this.receipts.note(tx, { ...step, rows, bytes: bytes ?? null }));
  }
}

function classOfTable(table: string): DataClass {
  return declaredTables().find((each) => each.table === table)?.dataClass ?? 'operational';
}
