import { expect, it } from 'vitest';
import type { LogLine } from '../harness/cluster.ts';
import type { ClientCall } from '../harness/load.ts';
import { type Audited, auditBooks, type Evidence, units } from './books.ts';

// An audit that never finds anything proves nothing, so each thing it is to find is planted here.

const prices = { plain: { inputPerMillion: '3', cachedInputPerMillion: '1', outputPerMillion: '15', perRequest: '0.000000000007' } };
/** 10 input tokens, 4 of them cached, and 2 output tokens. */
const COST = '0.000052000007';

function evidence(change: { ledger?: object[]; intents?: object[]; log?: LogLine[]; period?: object } = {}): Evidence {
  const tables = {
    call_record: change.ledger ?? [record()],
    call_intent: change.intents ?? [],
    budget_period: [change.period ?? { spent: COST, held: '0' }],
  };
  return {
    rows: async <T extends object>(sql: string) => Object.entries(tables).find(([table]) => sql.includes(table))?.[1] as T[],
    standInLog: () => change.log ?? log('one'),
  };
}

function record(change: object = {}): object {
  return {
    id: '1',
    client_request_id: 'one',
    requested_model: 'plain',
    outcome: 'succeeded',
    usage_source: 'reported',
    cost: COST,
    upstream_request_id: 'req_1',
    ...change,
  };
}

function log(clientRequestId: string, sequence = 1): LogLine[] {
  const requestId = `req_${sequence}`;
  const generated = { promptTokens: 10, completionTokens: 2 };
  const reported = { prompt_tokens_details: { cached_tokens: 4 } };
  return [
    { event: 'received', sequence, clientRequestId, requestId },
    { event: 'ended', sequence, requestId, outcome: 'completed', generated, reported },
  ];
}

function audited(change: Partial<ClientCall> = {}, kills: Audited['kills'] = []): Audited {
  const plan = { model: 'plain', stream: false, maxTokens: 2 };
  const call: ClientCall = {
    id: 'one',
    plan,
    replica: 'a',
    beganMs: 0,
    endedMs: 10,
    ending: 'complete',
    status: 200,
    body: '',
    headers: {},
    ...change,
  };
  return { organisationId: 'o', prices, budgets: ['b'], calls: [call], kills };
}

it('passes books that are right, to the last digit', async () => {
  await expect(auditBooks(evidence(), audited())).resolves.toMatchObject({ records: 1, knownCost: 1, interrupted: 0, charged: COST });
});

it.each<[string, Evidence, Audited, RegExp]>([
  ['a call that is missing', evidence({ ledger: [] }), audited(), /is not in the ledger/],
  ['a call that is there twice', evidence({ ledger: [record(), record({ id: '2' })] }), audited(), /twice/],
  ['a charge that is off by the last digit', evidence({ ledger: [record({ cost: '0.000052000008' })] }), audited(), /wrong cost/],
  ['a charge for what was never generated', evidence({ ledger: [record({ upstream_request_id: 'req_9' })] }), audited(), /never generated/],
  ['a free call that was generated', evidence({ ledger: [record({ usage_source: 'none', cost: '0' })] }), audited(), /not charged/],
  [
    'a cost that is unknown for no reason',
    evidence({ ledger: [unknown()], period: nothing() }),
    audited({ ending: 'broken' }),
    /nothing was killed/,
  ],
  ['a cost that is unknown and does not say so', evidence({ ledger: [unknown({ outcome: 'failed' })] }), audited(), /does not say why/],
  ['a call seen to its end whose cost is unknown', evidence({ ledger: [unknown()] }), audited({}, killed()), /seen to its end/],
  ['an intent that is left', evidence({ intents: [{ id: '1' }] }), audited(), /intent is left/],
  ['a hold that is left', evidence({ period: { spent: COST, held: '0.000000000001' } }), audited(), /hold is left/],
  ['a budget that has spent more', evidence({ period: { spent: '0.000052000008', held: '0' } }), audited(), /something else/],
])('finds %s', async (_what, planted, wanted, finding) => {
  await expect(auditBooks(planted, wanted)).rejects.toThrow(finding);
});

it('lets the cost of a call be unknown that was in flight when its replica was killed', async () => {
  const books = auditBooks(evidence({ ledger: [unknown()], period: nothing() }), audited({ ending: 'broken' }, killed()));
  await expect(books).resolves.toMatchObject({ interrupted: 1, knownCost: 0 });
});

it('reads decimals without rounding', () => {
  expect([units('0.1'), units('-2'), units('1000000.000000000001')]).toEqual([10n ** 11n, -2n * 10n ** 12n, 10n ** 18n + 1n]);
});

function unknown(change: object = {}): object {
  return record({ outcome: 'interrupted', usage_source: 'unknown', cost: null, ...change });
}

function nothing(): object {
  return { spent: '0', held: '0' };
}

function killed(): Audited['kills'] {
  return [{ replica: 'a', atMs: 5 }];
}
