import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { BudgetId, OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { type BudgetRef, BudgetsRepository } from '../data/budgets.repository.js';
import { usageErrors } from '../usage.errors.js';
import { type BudgetView, BudgetViews } from './budget-views.js';

/** Shows budgets with what their current period has spent and holds. */
@Injectable()
export class ReadBudgets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: BudgetsRepository,
    private readonly views: BudgetViews,
    private readonly tenants: Tenants,
  ) {}

  /** Raises `usage/budget_not_found`. */
  get(ref: BudgetRef): Promise<BudgetView> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const budget = await this.repository.find(tx, ref);
      if (!budget) throw usageErrors.budget_not_found();
      const [view] = await this.views.of(tx, ref.organisationId, [budget]);
      return present(view, 'the view of a budget');
    });
  }

  /** Newest first. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, page: { readonly before?: BudgetId | undefined; readonly limit: number }): Promise<BudgetView[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.views.of(tx, organisationId, await this.repository.list(tx, organisationId, page));
    });
  }
}
