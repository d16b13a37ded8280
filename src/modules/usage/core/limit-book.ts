import { DAY_MS, utcDay } from '../../../kernel/clock.js';
import type { BudgetId } from '../../../kernel/ids.js';
import type { BudgetHold, CallSubject } from '../usage.contract.js';
import type { BudgetPolicy } from './ledger-parts.js';

export const LIMIT_SCOPES = ['organisation', 'project', 'key'] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];
export type BudgetPeriod = 'daily' | 'monthly' | 'total';

/** A budget as the request path needs it. */
export interface BudgetRule {
  readonly id: BudgetId;
  readonly scope: LimitScope;
  readonly scopeId: string;
  readonly kind: 'hard' | 'soft';
  readonly period: BudgetPeriod;
}

/** Rates per minute; null where there is none. */
export interface RateRule {
  readonly scope: LimitScope;
  readonly scopeId: string;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** The budgets a key's calls fall under, and whether one of them can refuse. */
interface KeyBudgets {
  readonly holds: readonly BudgetHold[];
  readonly hard: boolean;
}

const KEYS_KEPT = 50_000;

/** First day of the period that `nowMs` falls in, `YYYY-MM-DD` UTC. */
export function periodStart(period: BudgetPeriod, nowMs: number): string {
  if (period === 'total') return '1970-01-01';
  const day = utcDay(nowMs);
  return period === 'daily' ? day : `${day.slice(0, 8)}01`;
}

/** When the next period begins, milliseconds since the epoch; null for a total, which has none. */
export function periodEndMs(period: BudgetPeriod, nowMs: number): number | null {
  if (period === 'total') return null;
  const start = Date.parse(`${periodStart(period, nowMs)}T00:00:00Z`);
  if (period === 'daily') return start + DAY_MS;
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The budgets and rate limits of all tenants, in memory, found by the three ids a call carries. Replaced whole when one changes. */
export class LimitBook implements BudgetPolicy {
  private budgets = new Map<string, BudgetRule[]>();
  private budgetsById = new Map<string, BudgetRule>();
  private rates = new Map<string, RateRule>();
  private readonly holdsByKey = new Map<string, { readonly day: number; readonly found: KeyBudgets }>();

  loadBudgets(rules: readonly BudgetRule[]): void {
    this.budgets = Map.groupBy(rules, (rule) => rule.scopeId);
    this.budgetsById = new Map(rules.map((rule) => [rule.id, rule]));
    this.holdsByKey.clear();
  }

  loadRates(rules: readonly RateRule[]): void {
    this.rates = new Map(rules.map((rule) => [rule.scopeId, rule]));
  }

  /** The same answer, the very same object, for every call of a key on one day. */
  budgetsFor(subject: CallSubject, nowMs: number): KeyBudgets {
    const day = Math.floor(nowMs / DAY_MS);
    const known = this.holdsByKey.get(subject.keyId);
    if (known?.day === day) return known.found;
    if (this.holdsByKey.size >= KEYS_KEPT) this.holdsByKey.clear();
    const found = this.findBudgets(subject, nowMs);
    this.holdsByKey.set(subject.keyId, { day, found });
    return found;
  }

  private findBudgets(subject: CallSubject, nowMs: number): KeyBudgets {
    const holds: BudgetHold[] = [];
    let hard = false;
    for (const scopeId of scopesOf(subject)) {
      for (const rule of this.budgets.get(scopeId) ?? []) {
        holds.push({ id: rule.id, start: periodStart(rule.period, nowMs) });
        hard ||= rule.kind === 'hard';
      }
    }
    return { holds, hard };
  }

  isHard(budgetId: string): boolean {
    return this.budgetsById.get(budgetId)?.kind === 'hard';
  }

  resetsAtMs(budgetId: string, nowMs: number): number | null {
    const rule = this.budgetsById.get(budgetId);
    return rule ? periodEndMs(rule.period, nowMs) : null;
  }

  ratesFor(subject: CallSubject): RateRule[] {
    const rules: RateRule[] = [];
    for (const scopeId of scopesOf(subject)) {
      const rule = this.rates.get(scopeId);
      if (rule) rules.push(rule);
    }
    return rules;
  }
}

function scopesOf(subject: CallSubject): readonly string[] {
  return [subject.organisationId, subject.projectId, subject.keyId];
}
