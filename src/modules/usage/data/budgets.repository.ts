import { Injectable } from '@nestjs/common';
import type { DuePage, LastDay } from '../../../contracts/due-organisations.js';
import { errorCode } from '../../../kernel/errors.js';
import type { BudgetId, OrganisationId } from '../../../kernel/ids.js';
import { newestFirst } from '../../../platform/database/pages.js';
import { UNIQUE_VIOLATION } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { usageErrors } from '../usage.errors.js';
import { BudgetEntity } from './budget.entity.js';

export type BudgetRef = Pick<BudgetEntity, 'organisationId' | 'id'>;
export type BudgetChange = Partial<Pick<BudgetEntity, 'kind' | 'limitAmount' | 'alertPercents'>>;

/** What a budget has spent and holds in one period, as exact decimals. */
export interface BudgetPeriodState {
  readonly budgetId: BudgetId;
  /** First day of the period, `YYYY-MM-DD` UTC. */
  readonly start: string;
  readonly spent: string;
  readonly held: string;
}

/** Rows of `budget` and `budget_period`. Besides row-level security every statement names the organisation (A3). */
@Injectable()
export class BudgetsRepository {
  /** Raises `usage/already_exists`. */
  async insert(tx: Tx, budget: BudgetEntity): Promise<void> {
    await tx.insert(BudgetEntity, budget).catch(alreadyExists);
  }

  find(tx: Tx, { organisationId, id }: BudgetRef): Promise<BudgetEntity | null> {
    return tx.findOneBy(BudgetEntity, { organisationId, id });
  }

  /** Newest first. */
  list(
    tx: Tx,
    organisationId: OrganisationId,
    page: { readonly before?: BudgetId | undefined; readonly limit: number },
  ): Promise<BudgetEntity[]> {
    return tx.find(BudgetEntity, newestFirst({ organisationId }, page.before, page.limit));
  }

  /** Whether the row was there to change. Raises `usage/already_exists`. */
  async update(tx: Tx, { organisationId, id }: BudgetRef, change: BudgetChange & Pick<BudgetEntity, 'updatedAt'>): Promise<boolean> {
    const { affected } = await tx.update(BudgetEntity, { organisationId, id }, change).catch(alreadyExists);
    return affected === 1;
  }

  /** Periods of these budgets that begin on one of the days; one that nothing was spent in has no row. */
  periods(tx: Tx, organisationId: OrganisationId, ids: readonly BudgetId[], starts: readonly string[]): Promise<BudgetPeriodState[]> {
    return tx.query<BudgetPeriodState[]>(
      `SELECT budget_id AS "budgetId", period_start::text AS start, spent::text AS spent, held::text AS held
       FROM budget_period WHERE organisation_id = $1 AND budget_id = ANY ($2::uuid[]) AND period_start = ANY ($3::date[])`,
      [organisationId, ids, starts],
    );
  }

  /** Makes alerts that the budget as it is now has not crossed due again: a raised limit is alerted on anew (U2). */
  async rearmAlerts(tx: Tx, { organisationId, id }: BudgetRef): Promise<void> {
    await tx.query(
      `UPDATE budget_period p SET alerted_percent = least(p.alerted_percent, reached.percent),
         notified_percent = least(p.notified_percent, reached.percent)
       FROM (
         SELECT q.period_start, coalesce(max(percent) FILTER (WHERE q.spent > 0 AND q.spent * 100 >= b.limit_amount * percent), 0) AS percent
         FROM budget b JOIN budget_period q ON q.budget_id = b.id LEFT JOIN unnest(b.alert_percents) AS percent ON true
         WHERE b.organisation_id = $1 AND b.id = $2
         GROUP BY q.period_start
       ) reached
       WHERE p.organisation_id = $1 AND p.budget_id = $2 AND p.period_start = reached.period_start`,
      [organisationId, id],
    );
  }

  /** Whether the row was there to delete. What its periods counted goes with it; calls in flight still settle. */
  async delete(tx: Tx, { organisationId, id }: BudgetRef): Promise<boolean> {
    const { affected } = await tx.delete(BudgetEntity, { organisationId, id });
    // Also sweeps a period that a flush added to a budget deleted at the same moment.
    await tx.query(
      `DELETE FROM budget_period p WHERE p.organisation_id = $1 AND NOT EXISTS (SELECT FROM budget b WHERE b.id = p.budget_id)`,
      [organisationId],
    );
    return affected === 1;
  }

  /** Organisations, by id, that have a period which was over by a day. Needs a system transaction, as the one after it. */
  async withEndedPeriods(tx: Tx, { latestDay, after, limit }: DuePage): Promise<OrganisationId[]> {
    const rows = await tx.query<{ id: OrganisationId }[]>(
      `SELECT DISTINCT organisation_id AS id FROM budget_period
       WHERE ends_on <= $1 AND held = 0 AND ($2::uuid IS NULL OR organisation_id > $2) ORDER BY 1 LIMIT $3`,
      [latestDay, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Removes periods of each organisation that were over by its day; one with a hold waits for the call that it is for. Answers how many. */
  async forgetEnded(tx: Tx, days: readonly LastDay[], limit: number): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>(
      `DELETE FROM budget_period WHERE held = 0 AND (budget_id, period_start) IN (
         SELECT p.budget_id, p.period_start FROM unnest($1::uuid[], $2::date[]) AS d (organisation_id, day)
         JOIN budget_period p ON p.organisation_id = d.organisation_id AND p.ends_on <= d.day AND p.held = 0 LIMIT $3)`,
      [days.map(({ organisationId }) => organisationId), days.map(({ day }) => day), limit],
    );
    return count;
  }

  /** Notes that an alert is being told; false when it, or a higher one, was told before in this period. Needs a system transaction. */
  async claimAlert(tx: Tx, budgetId: string, periodStart: string, percent: number): Promise<boolean> {
    const rows = await tx.query<[unknown[], number]>(
      `UPDATE budget_period SET notified_percent = $3 WHERE budget_id = $1 AND period_start = $2 AND notified_percent < $3`,
      [budgetId, periodStart, percent],
    );
    return rows[1] === 1;
  }
}

function alreadyExists(error: unknown): never {
  if (errorCode(error) === UNIQUE_VIOLATION) throw usageErrors.already_exists({ cause: error });
  throw error;
}
