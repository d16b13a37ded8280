import { Money } from '../../../kernel/money.js';
import type { BudgetHold } from '../usage.contract.js';
import type { BudgetState } from './call-rows.js';

interface Known {
  readonly version: number;
  readonly remaining: Money;
}

interface Entry {
  readonly start: string;
  known: Known;
  /** What was left at the last regular look, and how much less that was than at the look before. */
  looked: Money | null;
  fell: Money;
  /** Held and spent by this replica since Postgres went away. */
  taken: Money;
}

/** A budget has one period; around midnight, two. */
const PERIODS_KEPT = 2;

/**
 * What this replica knows of the budgets it touches. Used only while Postgres is away, when the database cannot say no: each replica then
 * spends at most its equal share of what was left, so that together they stay within a hard budget (U2). What the others spent
 * after this one last heard is not known to it, so with others about it leaves alone as much as went in the time between its last two looks.
 */
export class LocalBudgets {
  private readonly budgets = new Map<string, Entry[]>();
  private replicas = 1;

  /** Takes what Postgres said, unless something later is known: answers may overtake each other. */
  learn(states: readonly BudgetState[]): void {
    for (const state of states) {
      const entry = this.entry(state);
      if (state.version >= entry.known.version) entry.known = { version: state.version, remaining: Money.parse(state.remaining) };
    }
  }

  /** As {@link learn}, for a look taken at regular times. */
  learnAtHeartbeat(states: readonly BudgetState[]): void {
    this.learn(states);
    for (const state of states) {
      const entry = this.entry(state);
      const left = entry.known.remaining;
      entry.fell = entry.looked && entry.looked.compare(left) > 0 ? entry.looked.minus(left) : Money.ZERO;
      entry.looked = left;
    }
  }

  /** Every budget and period known, for the next look. */
  known(): { id: string; start: string }[] {
    return [...this.budgets].flatMap(([id, entries]) => entries.map(({ start }) => ({ id, start })));
  }

  /** From here on this replica counts by itself, as one of so many. */
  beginOutage(replicas: number): void {
    this.replicas = replicas;
    this.forgetTaken();
  }

  /** Postgres has everything this replica took, and counts again. */
  endOutage(): void {
    this.forgetTaken();
  }

  /** Takes a hold from this replica's share. False when there is no room, or nothing is known about the budget. */
  tryHold(holds: readonly BudgetHold[], amount: Money): boolean {
    if (!holds.every((hold) => this.hasRoom(hold, amount))) return false;
    for (const hold of holds) this.take(hold, amount);
    return true;
  }

  /** Gives the unspent part of a hold back; a negative amount books what was spent over it. */
  release(holds: readonly BudgetHold[], unspent: Money): void {
    for (const hold of holds) this.take(hold, Money.ZERO.minus(unspent));
  }

  private hasRoom(hold: BudgetHold, amount: Money): boolean {
    const entry = this.find(hold);
    if (!entry) return false;
    const left = this.replicas > 1 ? entry.known.remaining.minus(entry.fell) : entry.known.remaining;
    // A share is 1/replicas: a unit taken here stands for as many against the whole, because the others take theirs unseen.
    return entry.taken.plus(amount).times(this.replicas).compare(left) <= 0;
  }

  private take(hold: BudgetHold, amount: Money): void {
    const entry = this.find(hold);
    if (entry) entry.taken = entry.taken.plus(amount);
  }

  private forgetTaken(): void {
    for (const entries of this.budgets.values()) for (const entry of entries) entry.taken = Money.ZERO;
  }

  private find(period: { readonly id: string; readonly start: string }): Entry | undefined {
    return this.budgets.get(period.id)?.find((entry) => entry.start === period.start);
  }

  private entry(state: BudgetState): Entry {
    const found = this.find(state);
    if (found) return found;
    const entry: Entry = {
      start: state.start,
      known: { version: -1, remaining: Money.ZERO },
      looked: null,
      fell: Money.ZERO,
      taken: Money.ZERO,
    };
    const others = this.budgets.get(state.id) ?? [];
    this.budgets.set(state.id, [...others, entry].sort((a, b) => (a.start < b.start ? -1 : 1)).slice(-PERIODS_KEPT));
    return entry;
  }
}
