import 'reflect-metadata';
import { LimitBook } from '../../src/modules/usage/core/limit-book.js';
import type { BudgetRule } from '../../src/modules/usage/core/limit-book.js';
import { Money } from '../../src/kernel/money.js';
import { settlement, startLedger } from './ledger.js';

// A ledger in a process of its own, to be killed: opens the calls it is given, settles the first half, says so, and waits for its end.
const { url, directory, instanceId, rules, calls } = JSON.parse(process.argv[2] ?? '{}');
const book = new LimitBook();
book.loadBudgets(rules as BudgetRule[]);
const { ledger, localBudgets } = await startLedger({ url, directory, instanceId, book });
localBudgets.learn(
  (rules as BudgetRule[]).map((rule) => ({ id: rule.id, start: new Date().toISOString().slice(0, 10), remaining: '100', version: 0 })),
);
const opened = [];
for (const call of calls) opened.push(await ledger.open({ ...call, hold: Money.parse(call.hold) }));
for (const call of opened.slice(0, opened.length / 2)) await call.settle(settlement('0.004'));
process.stdout.write('waiting\n');
setInterval(() => undefined, 1_000);
