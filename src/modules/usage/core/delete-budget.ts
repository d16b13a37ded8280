import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { BudgetRef } from '../data/budgets.repository.js';
import { AuditedBudgets } from './audited-budgets.js';

/** Lifts a budget. Its count goes with it; the ledger's records stay. */
@Injectable()
export class DeleteBudget {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: AuditedBudgets,
  ) {}

  /** Raises `usage/budget_not_found`. */
  run(actor: AuditActor, ref: BudgetRef): Promise<void> {
    return this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.budgets.remove(tx, actor, ref));
  }
}
