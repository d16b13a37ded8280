import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { Money } from '../../../kernel/money.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { BudgetEntity } from '../data/budget.entity.js';
import type { BudgetRef } from '../data/budgets.repository.js';
import { AuditedBudgets } from './audited-budgets.js';
import { type BudgetView, BudgetViews } from './budget-views.js';
import { inOrder } from './create-budget.js';

export interface ChangedBudget {
  readonly kind?: BudgetEntity['kind'] | undefined;
  readonly limit?: string | undefined;
  readonly alertPercents?: readonly number[] | undefined;
}

/** Changes what a budget allows. What was spent stays spent; alerts the new limit has not reached are due again. */
@Injectable()
export class ChangeBudget {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: AuditedBudgets,
    private readonly views: BudgetViews,
  ) {}

  /** Raises `usage/budget_not_found`, `usage/already_exists` and a 400 when there is nothing to change. */
  run(actor: AuditActor, ref: BudgetRef, { kind, limit, alertPercents }: ChangedBudget): Promise<BudgetView> {
    const change = {
      ...(kind === undefined ? {} : { kind }),
      ...(limit === undefined ? {} : { limitAmount: Money.parse(limit).toString() }),
      ...(alertPercents === undefined ? {} : { alertPercents: inOrder(alertPercents) }),
    };
    if (Object.keys(change).length === 0) throw invalidRequest([{ field: 'body', message: 'must have kind, limit or alertPercents' }]);
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const budget = await this.budgets.change(tx, actor, ref, change);
      const [view] = await this.views.of(tx, ref.organisationId, [budget]);
      return present(view, 'the view of a budget');
    });
  }
}
