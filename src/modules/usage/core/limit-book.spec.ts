import { describe, expect, it } from 'vitest';
import type { BudgetId } from '../../../kernel/ids.js';
import type { CallSubject } from '../usage.contract.js';
import { LimitBook, periodEndMs, periodStart } from './limit-book.js';

const at = (text: string) => Date.parse(text);
const subject = { organisationId: 'org', projectId: 'project', keyId: 'key' } as CallSubject;
const budgetId = (name: string) => name as BudgetId;

describe('budget periods', () => {
  it.each([
    ['daily', '2026-03-29T01:30:00Z', '2026-03-29', '2026-03-30T00:00:00Z'],
    ['daily', '2026-12-31T23:59:59.999Z', '2026-12-31', '2027-01-01T00:00:00Z'],
    ['monthly', '2026-01-31T23:59:59Z', '2026-01-01', '2026-02-01T00:00:00Z'],
    ['monthly', '2028-02-29T12:00:00Z', '2028-02-01', '2028-03-01T00:00:00Z'],
    ['monthly', '2026-12-01T00:00:00Z', '2026-12-01', '2027-01-01T00:00:00Z'],
  ] as const)('a %s one at %s began on %s and ends at %s, in UTC whatever the clocks of a place do', (period, now, start, end) => {
    expect(periodStart(period, at(now))).toBe(start);
    expect(periodEndMs(period, at(now))).toBe(at(end));
  });

  it('a total never ends', () => {
    expect(periodStart('total', at('2026-11-21T00:00:00Z'))).toBe('1970-01-01');
    expect(periodEndMs('total', at('2026-11-21T00:00:00Z'))).toBeNull();
  });
});

describe('the limit book', () => {
  const now = at('2026-11-21T10:00:00Z');

  function book(): LimitBook {
    const limits = new LimitBook();
    limits.loadBudgets([
      { id: budgetId('a'), scope: 'organisation', scopeId: 'org', kind: 'soft', period: 'monthly' },
      { id: budgetId('b'), scope: 'project', scopeId: 'project', kind: 'soft', period: 'total' },
      { id: budgetId('c'), scope: 'key', scopeId: 'key', kind: 'hard', period: 'daily' },
      { id: budgetId('d'), scope: 'key', scopeId: 'another', kind: 'hard', period: 'daily' },
    ]);
    return limits;
  }

  it("finds the budgets of a call's organisation, project and key, and no others", () => {
    expect(book().budgetsFor(subject, now)).toEqual({
      holds: [
        { id: 'a', start: '2026-11-01' },
        { id: 'b', start: '1970-01-01' },
        { id: 'c', start: '2026-11-21' },
      ],
      hard: true,
    });
  });

  it('says that nothing can refuse a call that falls under soft budgets only', () => {
    const elsewhere = { ...subject, keyId: 'third' } as CallSubject;
    expect(book().budgetsFor(elsewhere, now)).toMatchObject({ hard: false });
  });

  it('moves on to the next period at midnight UTC', () => {
    const limits = book();
    limits.budgetsFor(subject, now);
    expect(limits.budgetsFor(subject, at('2026-11-22T00:00:00Z')).holds.at(-1)).toEqual({ id: 'c', start: '2026-11-22' });
    expect(limits.budgetsFor(subject, at('2026-11-21T23:59:59Z')).holds.at(-1)).toEqual({ id: 'c', start: '2026-11-21' });
    expect(limits.budgetsFor(subject, at('2026-12-01T00:00:00Z')).holds[0]).toEqual({ id: 'a', start: '2026-12-01' });
  });

  it('a change of budgets counts from the next call on', () => {
    const limits = book();
    limits.budgetsFor(subject, now);
    limits.loadBudgets([]);
    expect(limits.budgetsFor(subject, now)).toEqual({ holds: [], hard: false });
    expect(limits.isHard('c')).toBe(false);
  });

  it('knows when a budget that refuses starts anew', () => {
    expect(book().resetsAtMs('c', now)).toBe(at('2026-11-22T00:00:00Z'));
    expect(book().resetsAtMs('b', now)).toBeNull();
    expect(book().resetsAtMs('gone', now)).toBeNull();
    expect([book().isHard('c'), book().isHard('a'), book().isHard('gone')]).toEqual([true, false, false]);
  });

  it('answers the rates of organisation, project and key in this order', () => {
    const limits = book();
    const rate = { requestsPerMinute: 1, tokensPerMinute: null };
    limits.loadRates([
      { scope: 'key', scopeId: 'key', ...rate },
      { scope: 'organisation', scopeId: 'org', ...rate },
      { scope: 'key', scopeId: 'another', ...rate },
    ]);
    expect(limits.ratesFor(subject).map((rule) => rule.scopeId)).toEqual(['org', 'key']);
  });
});
