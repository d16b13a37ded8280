import { Injectable } from '@nestjs/common';
import { dueOrganisations, type LastDay } from '../../../contracts/due-organisations.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { BudgetsRepository } from '../data/budgets.repository.js';

/** Periods that one transaction removes. */
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

  override async sweep(round: TableSweep): Promise<void> {
    const sums = { windows: this.windows, dataClass: 'usage_aggregate' } as const;
    const due = dueOrganisations(sums, round, (page) => this.unitOfWork.asSystem((tx) => this.budgets.withEndedPeriods(tx, page)));
    for await (const days of due) await this.forget(days, round);
  }

  private async forget(days: readonly LastDay[], { signal, removing }: TableSweep): Promise<void> {
    for (let removed = ROWS; removed === ROWS && !signal.aborted; ) {
      ({ budget_period: removed = 0 } = await removing(async (tx) => ({ budget_period: await this.budgets.forgetEnded(tx, days, ROWS) })));
    }
  }
}
