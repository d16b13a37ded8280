import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { BudgetId, OrganisationId } from '../../../kernel/ids.js';
import { Money } from '../../../kernel/money.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { BudgetEntity } from '../data/budget.entity.js';
import { BudgetsRepository } from '../data/budgets.repository.js';
import { periodEndMs, periodStart } from './limit-book.js';

/** A budget with what its current period has seen. Amounts are exact decimals in US dollars. */
export interface BudgetView {
  readonly id: BudgetId;
  readonly organisationId: OrganisationId;
  readonly scope: BudgetEntity['scope'];
  readonly scopeId: string;
  readonly kind: BudgetEntity['kind'];
  readonly period: BudgetEntity['period'];
  readonly limit: string;
  readonly alertPercents: readonly number[];
  readonly current: {
    /** First day of the period, `YYYY-MM-DD` UTC; 1970-01-01 for a total. */
    readonly startsOn: string;
    /** Null for a total, which never starts anew. */
    readonly resetsAt: string | null;
    readonly spent: string;
    /** Promised to calls in flight. */
    readonly held: string;
    /** `limit` less `spent` and `held`; negative when a soft budget is overspent. */
    readonly remaining: string;
  };
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Shows budgets with their current period, by the injected clock. */
@Injectable()
export class BudgetViews {
  constructor(
    private readonly budgets: BudgetsRepository,
    private readonly clock: Clock,
  ) {}

  async of(tx: Tx, organisationId: OrganisationId, rows: readonly BudgetEntity[]): Promise<BudgetView[]> {
    const nowMs = this.clock.nowMs();
    const starts = new Set(rows.map((row) => periodStart(row.period, nowMs)));
    const ids = rows.map((row) => row.id);
    const periods = await this.budgets.periods(tx, organisationId, ids, [...starts]);
    return rows.map((row) => {
      const startsOn = periodStart(row.period, nowMs);
      const period = periods.find((each) => each.budgetId === row.id && each.start === startsOn);
      return view(row, { startsOn, endMs: periodEndMs(row.period, nowMs), spent: period?.spent ?? '0', held: period?.held ?? '0' });
    });
  }
}

interface CurrentPeriod {
  readonly startsOn: string;
  readonly endMs: number | null;
  readonly spent: string;
  readonly held: string;
}

function view(row: BudgetEntity, period: CurrentPeriod): BudgetView {
  const limit = Money.parse(row.limitAmount);
  const spent = Money.parse(period.spent);
  const held = Money.parse(period.held);
  return {
    id: row.id,
    organisationId: row.organisationId,
    scope: row.scope,
    scopeId: row.scopeId,
    kind: row.kind,
    period: row.period,
    limit: limit.toString(),
    alertPercents: row.alertPercents,
    current: {
      startsOn: period.startsOn,
      resetsAt: period.endMs === null ? null : new Date(period.endMs).toISOString(),
      spent: spent.toString(),
      held: held.toString(),
      remaining: limit.minus(spent).minus(held).toString(),
    },
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
