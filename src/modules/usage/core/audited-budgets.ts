import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../audit/audit.contract.js';
import type { BudgetEntity } from '../data/budget.entity.js';
import { type BudgetChange, type BudgetRef, BudgetsRepository } from '../data/budgets.repository.js';
import { usageErrors } from '../usage.errors.js';

/** Writes budgets, each together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedBudgets {
  constructor(
    private readonly repository: BudgetsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `usage/already_exists`. */
  async add(tx: Tx, actor: AuditActor, wanted: Omit<BudgetEntity, 'id' | 'createdAt' | 'updatedAt'>): Promise<BudgetEntity> {
    const now = this.clock.now();
    const budget: BudgetEntity = { ...wanted, id: newId(), createdAt: now, updatedAt: now };
    await this.repository.insert(tx, budget);
    const { scope, scopeId, kind, period, limitAmount } = budget;
    await this.audit.record(tx, {
      actor,
      action: 'budget.created',
      ...about(budget),
      detail: { scope, scopeId, kind, period, limit: limitAmount },
    });
    return budget;
  }

  /** Raises `usage/budget_not_found`. */
  private async get(tx: Tx, ref: BudgetRef): Promise<BudgetEntity> {
    const budget = await this.repository.find(tx, ref);
    if (!budget) throw usageErrors.budget_not_found();
    return budget;
  }

  /** Raises `usage/budget_not_found` and `usage/already_exists`. */
  async change(tx: Tx, actor: AuditActor, ref: BudgetRef, change: BudgetChange): Promise<BudgetEntity> {
    if (!(await this.repository.update(tx, ref, { ...change, updatedAt: this.clock.now() }))) throw usageErrors.budget_not_found();
    await this.repository.rearmAlerts(tx, ref);
    const { limitAmount, ...others } = change;
    const fields = [...Object.keys(others), ...(limitAmount === undefined ? [] : ['limit'])];
    const detail = { fields, ...(limitAmount === undefined ? {} : { limit: limitAmount }), ...(change.kind ? { kind: change.kind } : {}) };
    await this.audit.record(tx, { actor, action: 'budget.changed', ...about(ref), detail });
    return this.get(tx, ref);
  }

  /** Raises `usage/budget_not_found`. */
  async remove(tx: Tx, actor: AuditActor, ref: BudgetRef): Promise<void> {
    if (!(await this.repository.delete(tx, ref))) throw usageErrors.budget_not_found();
    await this.audit.record(tx, { actor, action: 'budget.deleted', ...about(ref) });
  }
}

function about({ organisationId, id }: BudgetRef): { readonly organisationId: OrganisationId } & Pick<AuditEntry, 'target'> {
  return { organisationId, target: { type: 'budget', id } };
}
