import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetId } from '../../../kernel/ids.js';
import { Money } from '../../../kernel/money.js';
import { LocalBudgets } from './local-budgets.js';

const id = 'b' as BudgetId;
const hold = (start = '2026-11-21') => [{ id, start }];
const state = (remaining: string, version = 1, start = '2026-11-21') => [{ id, start, remaining, version }];
const money = (text: string) => Money.parse(text);

function outage(remaining: string, replicas: number): LocalBudgets {
  const budgets = new LocalBudgets();
  budgets.learn(state(remaining));
  budgets.beginOutage(replicas);
  return budgets;
}

describe('hard budgets while Postgres is away (U2)', () => {
  it('one replica spends what was left, to the last digit', () => {
    const budgets = outage('0.03', 1);
    expect([1, 2, 3, 4].map(() => budgets.tryHold(hold(), money('0.01')))).toEqual([true, true, true, false]);
  });

  it('replicas that do not hear each other stay within it together, whatever each of them is asked', () => {
    const calls = fc.array(fc.record({ replica: fc.nat(4), picos: fc.bigInt({ min: 0n, max: 400n }), givesBack: fc.boolean() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 5 }), fc.bigInt({ min: 0n, max: 5_000n }), (asked, replicas, left) => {
        const picos = (amount: bigint) => money(`0.${amount.toString().padStart(12, '0')}`);
        const fleet = Array.from({ length: replicas }, () => outage(picos(left).toString(), replicas));
        let held = Money.ZERO;
        for (const { replica, picos: amount, givesBack } of asked) {
          const budgets = fleet[replica % replicas];
          if (!budgets?.tryHold(hold(), picos(amount))) continue;
          if (givesBack) budgets.release(hold(), picos(amount / 2n));
          held = held.plus(picos(givesBack ? amount - amount / 2n : amount));
          expect(held.compare(picos(left))).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('takes a hold from every budget or from none', () => {
    const budgets = new LocalBudgets();
    budgets.learn([...state('1'), { id: 'tight', start: '2026-11-21', remaining: '0.1', version: 1 }]);
    budgets.beginOutage(1);
    const both = [...hold(), { id: 'tight' as BudgetId, start: '2026-11-21' }];
    expect(budgets.tryHold(both, money('0.5'))).toBe(false);
    expect(budgets.tryHold(hold(), money('1'))).toBe(true);
  });

  it('refuses what it knows nothing about: another budget, or the period after midnight', () => {
    const budgets = outage('1', 1);
    expect(budgets.tryHold([{ id: 'unknown' as BudgetId, start: '2026-11-21' }], money('0'))).toBe(false);
    expect(budgets.tryHold(hold('2026-11-22'), money('0.01'))).toBe(false);
  });

  it('an answer that was overtaken by a later one is not believed', () => {
    const budgets = new LocalBudgets();
    budgets.learn(state('0.1', 8));
    budgets.learn(state('0.9', 7));
    budgets.beginOutage(1);
    expect(budgets.tryHold(hold(), money('0.2'))).toBe(false);
  });

  it('an answer that arrives during the outage does not undo what was taken since', () => {
    const budgets = outage('1', 1);
    expect(budgets.tryHold(hold(), money('0.8'))).toBe(true);
    budgets.learn(state('0.9', 2));
    expect(budgets.tryHold(hold(), money('0.2'))).toBe(false);
  });

  it('leaves alone what the others may have spent since this replica last heard, as much as went between its last two looks', () => {
    const budgets = new LocalBudgets();
    budgets.learnAtHeartbeat(state('10', 1));
    budgets.learnAtHeartbeat(state('6', 2));
    budgets.beginOutage(2);
    expect(budgets.tryHold(hold(), money('1.01'))).toBe(false);
    expect(budgets.tryHold(hold(), money('1'))).toBe(true);
  });

  it('spending over the hold of a call counts too', () => {
    const budgets = outage('1', 1);
    budgets.tryHold(hold(), money('0.1'));
    budgets.release(hold(), money('-0.5'));
    expect(budgets.tryHold(hold(), money('0.5'))).toBe(false);
    expect(budgets.tryHold(hold(), money('0.4'))).toBe(true);
  });

  it('what was taken in one outage does not count in the next', () => {
    const budgets = outage('1', 1);
    budgets.tryHold(hold(), money('1'));
    budgets.endOutage();
    budgets.beginOutage(1);
    expect(budgets.tryHold(hold(), money('1'))).toBe(true);
  });

  it('old periods do not pile up', () => {
    const budgets = new LocalBudgets();
    for (let day = 10; day < 30; day += 1) budgets.learn(state('1', 1, `2026-11-${day}`));
    expect(budgets.known()).toEqual([
      { id, start: '2026-11-28' },
      { id, start: '2026-11-29' },
    ]);
  });
});
