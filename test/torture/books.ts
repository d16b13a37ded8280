// Holds the ledger against what the upstream wrote down: every call there, none twice, and every charge right to the last digit.
import assert from 'node:assert/strict';
import type { LogLine, Price } from '../harness/cluster.ts';
import { type ClientCall, endings } from '../harness/load.ts';

/** A `kill -9` of a replica, in milliseconds of `performance.now()`. */
export interface Kill {
  readonly replica: string;
  readonly atMs: number;
}

/** Both sides: the database and the upstream's log. A cluster is one. */
export interface Evidence {
  rows<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  standInLog(): LogLine[];
}

export interface Audited {
  readonly organisationId: string;
  readonly prices: Readonly<Record<string, Price>>;
  /** Budgets every call falls under. */
  readonly budgets: readonly string[];
  readonly calls: readonly ClientCall[];
  readonly kills: readonly Kill[];
}

interface LedgerRow {
  readonly id: string;
  readonly client_request_id: string;
  readonly requested_model: string;
  readonly outcome: string;
  readonly usage_source: string;
  readonly cost: string | null;
  readonly upstream_request_id: string | null;
}

/** What the audit counted, for whoever reads the report. */
export interface Books {
  readonly clientCalls: number;
  readonly receivedUpstream: number;
  readonly records: number;
  readonly knownCost: number;
  readonly interrupted: number;
  /** US dollars. */
  readonly charged: string;
}

/** Throws, with the call's id, where ledger and upstream differ. Wants every call to have ended. */
export async function auditBooks(evidence: Evidence, audited: Audited): Promise<Books> {
  const ledger = await readLedger(evidence, audited.organisationId);
  const mine = new Set(audited.calls.map((call) => call.id));
  const upstream = byCall(evidence.standInLog(), mine);
  for (const id of upstream.keys()) assert.ok(ledger.has(id), `call ${id} reached the upstream and is not in the ledger`);
  let sum = 0n;
  let expectedSum = 0n;
  for (const row of ledger.values()) {
    if (row.cost === null) continue;
    const expected = expectedCost(row, upstream.get(row.client_request_id) ?? [], audited.prices);
    assert.equal(units(row.cost), expected, `call ${row.client_request_id} (${row.requested_model}, ${row.outcome}) has the wrong cost`);
    sum += units(row.cost);
    expectedSum += expected;
  }
  assert.equal(sum, expectedSum);
  const unknown = [...ledger.values()].filter((row) => row.cost === null);
  checkUnknown(unknown, audited);
  for (const call of audited.calls) {
    if (call.ending !== 'complete') continue;
    const row = ledger.get(call.id);
    assert.ok(row, `a client saw the end of call ${call.id}, which is not in the ledger`);
    assert.deepEqual([row.outcome, row.usage_source], ['succeeded', 'reported'], `a client saw the end of call ${call.id}`);
  }
  await checkBudgets(evidence, audited.budgets, sum);
  return {
    clientCalls: audited.calls.length,
    receivedUpstream: upstream.size,
    records: ledger.size,
    knownCost: ledger.size - unknown.length,
    interrupted: unknown.length,
    charged: dollars(sum),
  };
}

/** One line for a report. */
export function described(calls: readonly ClientCall[]): string {
  return Object.entries(endings(calls))
    .filter(([, count]) => count > 0)
    .map(([ending, count]) => `${count} ${ending}`)
    .join(', ');
}

async function readLedger(evidence: Evidence, organisationId: string): Promise<Map<string, LedgerRow>> {
  const rows = await evidence.rows<LedgerRow>(
    'SELECT id, client_request_id, requested_model, outcome, usage_source, cost::text, upstream_request_id FROM call_record WHERE organisation_id = $1',
    [organisationId],
  );
  const ledger = new Map<string, LedgerRow>();
  for (const row of rows) {
    assert.ok(!ledger.has(row.client_request_id), `call ${row.client_request_id} is in the ledger twice`);
    ledger.set(row.client_request_id, row);
  }
  const open = await evidence.rows('SELECT id FROM call_intent');
  assert.equal(open.length, 0, 'an intent is left');
  return ledger;
}

/** One arrival at the upstream and its end, which is absent when the upstream has not finished. */
interface Arrival {
  readonly received: LogLine;
  readonly ended: LogLine | undefined;
}

function byCall(log: readonly LogLine[], mine: ReadonlySet<string>): Map<string, Arrival[]> {
  const ends = new Map(log.filter((line) => line.event === 'ended').map((line) => [line.sequence, line]));
  const arrivals = new Map<string, Arrival[]>();
  for (const line of log) {
    const id = line.clientRequestId;
    if (line.event !== 'received' || id === undefined || !mine.has(id)) continue;
    const others = arrivals.get(id) ?? [];
    arrivals.set(id, [...others, { received: line, ended: ends.get(line.sequence) }]);
  }
  return arrivals;
}

/** From the stand-in's own log: what it generated for the answer the call was settled with. In units of 10^-12 dollars. */
function expectedCost(row: LedgerRow, arrivals: readonly Arrival[], prices: Audited['prices']): bigint {
  const what = `call ${row.client_request_id} (${row.requested_model}, ${row.outcome})`;
  if (row.usage_source === 'none') {
    for (const { ended } of arrivals) assert.equal(ended?.generated, undefined, `${what} was generated and not charged`);
    return 0n;
  }
  assert.equal(row.usage_source, 'reported', `${what} has usage nobody reported`);
  const answered = arrivals.find(({ received }) => received.requestId === row.upstream_request_id)?.ended;
  assert.ok(answered?.generated, `${what} was charged and never generated`);
  const price = prices[row.requested_model];
  assert.ok(price, `${what} has a cost and no price`);
  const { promptTokens, completionTokens } = answered.generated;
  const cached = answered.reported?.prompt_tokens_details.cached_tokens ?? 0;
  return (
    BigInt(promptTokens - cached) * perToken(price.inputPerMillion) +
    BigInt(cached) * perToken(price.cachedInputPerMillion ?? price.inputPerMillion) +
    BigInt(completionTokens) * perToken(price.outputPerMillion) +
    units(price.perRequest ?? '0')
  );
}

/** Only a call that was in flight at a kill may have an unknown cost, and it says so. */
function checkUnknown(unknown: readonly LedgerRow[], { calls, kills }: Audited): void {
  const clients = new Map(calls.map((call) => [call.id, call]));
  for (const row of unknown) {
    const call = clients.get(row.client_request_id);
    assert.deepEqual(
      [row.outcome, row.usage_source],
      ['interrupted', 'unknown'],
      `call ${row.client_request_id} has no cost and does not say why`,
    );
    assert.ok(call && call.ending !== 'complete', `call ${row.client_request_id} was seen to its end and has no cost`);
    // The client of a call it left does not know when the gateway was done with it.
    const inFlight = kills.some(
      (kill) => kill.replica === call.replica && call.beganMs <= kill.atMs && (call.ending === 'left' || call.endedMs >= kill.atMs),
    );
    assert.ok(inFlight, `call ${row.client_request_id} has no cost though nothing was killed under it`);
  }
}

async function checkBudgets(evidence: Evidence, budgets: readonly string[], sum: bigint): Promise<void> {
  for (const id of budgets) {
    const [period] = await evidence.rows<{ spent: string; held: string }>(
      'SELECT spent::text, held::text FROM budget_period WHERE budget_id = $1',
      [id],
    );
    assert.ok(period, 'the budget was never touched');
    assert.equal(units(period.held), 0n, 'a hold is left');
    assert.equal(units(period.spent), sum, 'the budget has spent something else than the ledger says');
  }
}

/** An exact decimal as a whole number of 10^-12. */
export function units(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const amount = BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(12, '0').slice(0, 12));
  return decimal.startsWith('-') ? -amount : amount;
}

/** Dollars for a million tokens, in units of 10^-12 dollars for one. */
function perToken(perMillion: string): bigint {
  return units(perMillion) / 10n ** 6n;
}

function dollars(amount: bigint): string {
  const text = amount.toString().padStart(13, '0');
  return `${text.slice(0, -12)}.${text.slice(-12)}`.replace(/\.?0+$/, '');
}
