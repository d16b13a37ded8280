import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Receipt, ReceiptsRepository } from '../../data/receipts.repository.js';

/** Reads receipts, newest first. */
@Injectable()
export class ListReceipts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: ReceiptsRepository,
    private readonly clock: Clock,
  ) {}

  run(store: string | undefined, before: string | undefined, limit: number): Promise<Receipt[]> {
    const notExpiredBefore = utcDay(this.clock.nowMs());
    return this.unitOfWork.asSystem((tx) => this.rows.list(tx, { store, before, notExpiredBefore }, limit));
  }
}
