import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { Money } from '../../../kernel/money.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { BudgetEntity } from '../data/budget.entity.js';
import { AuditedBudgets } from './audited-budgets.js';
import { type BudgetView, BudgetViews } from './budget-views.js';
import { LimitScopes, type LimitTarget } from './limit-scopes.js';

export interface NewBudget extends LimitTarget {
  readonly kind: BudgetEntity['kind'];
  readonly period: BudgetEntity['period'];
  /** US dollars, zero or more. Zero under a hard budget stops every call. */
  readonly limit: string;
  readonly alertPercents: readonly number[];
}

/** Puts a budget on an organisation, a project or a key (U2). Calls from now on count against it, on every replica within a second. */
@Injectable()
export class CreateBudget {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly scopes: LimitScopes,
    private readonly budgets: AuditedBudgets,
    private readonly views: BudgetViews,
  ) {}

  /** Raises `usage/scope_not_found`, `usage/already_exists` and what {@link LimitScopes.require} does. */
  run(actor: AuditActor, { limit, alertPercents, ...wanted }: NewBudget): Promise<BudgetView> {
    const { organisationId } = wanted;
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.scopes.require(tx, wanted);
      const amounts = { limitAmount: Money.parse(limit).toString(), alertPercents: inOrder(alertPercents) };
      const budget = await this.budgets.add(tx, actor, { ...wanted, ...amounts });
      const [view] = await this.views.of(tx, organisationId, [budget]);
      return present(view, 'the view of a budget');
    });
  }
}

/** Each percentage once, ascending. */
export function inOrder(percents: readonly number[]): number[] {
  return [...new Set(percents)].sort((a, b) => a - b);
}
