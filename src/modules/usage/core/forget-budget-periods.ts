import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { DAY_MS, utcDay } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { BudgetsRepository, type EndedBy } from '../data/budgets.repository.js';

/** Organisations whose periods are swept together, and the periods that one transaction removes. */
const BATCH = 500;
const ROWS = 10_000;

/** Lets go of what budgets spent in periods that ended as long ago as sums of usage are kept (D2). A total ends with its budget. */
@Injectable()
export class ForgetBudgetPeriods extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: BudgetsRepository,
    private readonly windows: RetentionWindows,
  ) {
    super();
  }

  override async sweep({ nowMs, signal, removing }: TableSweep): Promise<void> {
    const endedBy = utcDay(nowMs - Math.min(...this.windows.inForce('usage_aggregate')) * DAY_MS);
    let due: EndedBy[] = [];
    do {
      const after = due.at(-1)?.organisationId ?? null;
      const organisations = await this.unitOfWork.asSystem((tx) => this.budgets.withEndedPeriods(tx, { endedBy, after, limit: BATCH }));
      due = organisations.map((organisationId) => ({
        organisationId,
        day: utcDay(nowMs - this.windows.days('usage_aggregate', organisationId) * DAY_MS),
      }));
      if (due.length > 0) await this.forget(due, { signal, removing });
    } while (due.length === BATCH && !signal.aborted);
  }

  private async forget(due: readonly EndedBy[], { signal, removing }: Pick<TableSweep, 'signal' | 'removing'>): Promise<void> {
    for (let removed = ROWS; removed === ROWS && !signal.aborted; ) {
      ({ budget_period: removed = 0 } = await removing(async (tx) => ({ budget_period: await this.budgets.forgetEnded(tx, due, ROWS) })));
    }
  }
}
