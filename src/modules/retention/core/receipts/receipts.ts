import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { Clock, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import { newId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Metrics } from '../../../../platform/telemetry/metrics.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { type Left, type StoreAge, Survivors } from '../survey/survivors.js';
import { ReceiptsRepository, type Removal, type RetentionAction } from '../../data/receipts.repository.js';

/** Where receipts are written down. */
@Injectable()
export class ReceiptBooks {
  constructor(
    readonly rows: ReceiptsRepository,
    readonly audit: AuditLog,
    readonly unitOfWork: UnitOfWork,
    readonly metrics: Metrics,
  ) {}
}

/**
 * Receipts of what retention did (D2). A step is noted in the transaction that does it; a run's receipt is the sum of its steps. A run that is
 * killed leaves its notes, and the next one writes their receipt: nothing that went is without one, and nothing is in two.
 */
@Injectable()
export class Receipts {
  constructor(
    private readonly books: ReceiptBooks,
    private readonly survivors: Survivors,
    private readonly windows: RetentionWindows,
    private readonly clock: Clock,
  ) {}

  /** In the transaction that does the step. */
  note(tx: Tx, step: Removal): Promise<void> {
    return this.books.rows.addProgress(tx, step);
  }

  /** Writes the receipt of what has been noted, and of what is left; nothing when nothing was noted. */
  async close(store: string, action: RetentionAction): Promise<void> {
    const { unitOfWork, rows, metrics } = this.books;
    const left = await this.survivors.of(store);
    const removal = await unitOfWork.asSystem(async (tx) => {
      const noted = await rows.takeProgress(tx, store, action);
      if (noted !== null) await this.write(tx, noted, left);
      return noted;
    });
    if (removal !== null) metrics.retentionRemoved(removal.dataClass, removal.action, removal);
  }

  /** What has been noted by a run that began before then and that nobody has closed. */
  open(begunBefore: Date): Promise<Pick<Removal, 'store' | 'action'>[]> {
    return this.books.unitOfWork.asSystem((tx) => this.books.rows.listProgress(tx, begunBefore));
  }

  /** The day's receipt of a store of which nothing was due: that it was looked at, and what is left. False when it has one. */
  daily({ store, dataClass, expiresByItself, ...left }: StoreAge): Promise<boolean> {
    const { unitOfWork, rows } = this.books;
    return unitOfWork.asSystem(async (tx) => {
      const now = this.clock.now();
      if ((await rows.receiptedSince(tx, utcDay(now.getTime()))).has(store)) return false;
      const nothing = { partitions: 0, rows: 0, rowsExact: true, bytes: 0, held: 0 };
      const action = expiresByItself ? 'observed' : 'purged';
      await this.write(tx, { ...nothing, store, action, dataClass, cutOff: now, beganAt: now }, left);
      return true;
    });
  }

  private async write(tx: Tx, removal: Removal, { oldest, remaining }: Left): Promise<void> {
    const { rows, audit } = this.books;
    const oldestWrittenAt = oldest?.writtenAt ?? null;
    const nowMs = this.clock.nowMs();
    const id = newId<ReturnType<typeof newId>>();
    const durationMs = Math.max(0, nowMs - removal.beganAt.getTime());
    const expiresOn = utcDayAfter(nowMs, this.windows.days('audit_log', null));
    await rows.add(tx, { ...removal, id, expiresOn, durationMs, oldestWrittenAt, remaining });
    await rows.markReceipt(tx, removal.store, utcDay(nowMs));
    await audit.record(tx, {
      actor: { kind: 'system', id: 'retention' },
      action: `retention.${removal.action}`,
      organisationId: null,
      target: { type: 'store', id: removal.store },
      detail: {
        receipt: id,
        dataClass: removal.dataClass,
        cutOff: removal.cutOff.toISOString(),
        partitions: removal.partitions,
        rows: removal.rows,
        rowsExact: removal.rowsExact,
        bytes: removal.bytes,
        held: removal.held,
        durationMs,
        oldestWrittenAt: oldestWrittenAt?.toISOString() ?? null,
        remaining,
      },
    });
  }
}
