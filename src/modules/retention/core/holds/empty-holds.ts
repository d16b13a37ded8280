import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { SweptTables, type TableSweep } from '../../../../contracts/swept-store.js';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { LegalHoldsRepository } from '../../data/legal-holds.repository.js';
import { Receipts } from '../receipts/receipts.js';
import { AuditedHolds } from './audited-holds.js';

interface Emptied {
  readonly dropped: boolean;
  readonly rows: number | null;
  readonly rowsExact: boolean | null;
  readonly bytes: number | null;
}

/** Lets go of what was kept aside for holds that are over: it was due already (D5). Rows that were not due never left their table. */
@Injectable()
export class EmptyHolds {
  constructor(
    private readonly holds: AuditedHolds,
    private readonly receipts: Receipts,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async run(signal?: AbortSignal): Promise<void> {
    const over = await this.unitOfWork.asSystem((tx) => this.holds.rows.toEmpty(tx));
    for (const hold of over) {
      if (signal?.aborted === true) break;
      await this.empty(hold);
    }
    await this.receipts.close('held_row', 'released');
  }

  /** In one transaction: the rows, the note of them, and that it is done. What somebody is reading is left for the next round. */
  private empty(hold: LegalHoldEntity): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      const sql = `SELECT dropped, rows::float8 AS rows, rows_exact AS "rowsExact", bytes::float8 AS bytes FROM drop_held_rows($1)`;
      const [gone] = await tx.query<Emptied[]>(sql, [hold.id]);
      if (gone?.dropped !== true) return;
      const now = this.clock.now();
      await this.receipts.note(tx, {
        store: 'held_row',
        action: 'released',
        dataClass: 'operational',
        cutOff: now,
        partitions: 1,
        rows: gone.rows ?? 0,
        rowsExact: gone.rowsExact ?? true,
        bytes: gone.bytes,
        held: 0,
        beganAt: now,
      });
      await this.holds.rows.markEmptied(tx, hold.id, now);
      await this.holds.record(tx, hold, 'emptied', { kind: 'system', id: 'retention' });
    });
  }
}

/** Forgets holds that have been over for as long as the audit log is kept. */
@Injectable()
export class ForgetHolds extends SweptTables {
  constructor(
    private readonly rows: LegalHoldsRepository,
    private readonly windows: RetentionWindows,
  ) {
    super();
  }

  override async sweep({ nowMs, removing }: TableSweep): Promise<void> {
    const before = new Date(nowMs - this.windows.days('audit_log', null) * DAY_MS);
    await removing(async (tx) => ({ legal_hold: await this.rows.forget(tx, before) }));
  }
}
