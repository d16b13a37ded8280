// Many calls at once against a hard budget, on two replicas, and the holds of a replica that is killed.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { Cluster, type ClusterTenant, type Price, until } from '../harness/cluster.ts';
import { callOnce, type ClientCall } from '../harness/load.ts';
import { units } from './books.ts';

/** The whole price is the request, so a hold is exactly what the call costs. */
const PRICE: Price = { inputPerMillion: '0', outputPerMillion: '0', perRequest: '0.01' };
const MODEL = 'scenario:slow-headers,headerDelayMs=200';
const ENDLESS = 'scenario:slow-headers,headerDelayMs=600000';

export interface BudgetRace {
  readonly calls: number;
  readonly passed: number;
  readonly refused: number;
  /** Calls whose holds a killed replica left behind, all of them given back. */
  readonly orphanedHolds: number;
}

/** `calls` at once against room for `room`. Throws unless exactly that many pass. */
export async function raceForBudget(databaseUrl: string, calls: number, room: number): Promise<BudgetRace> {
  const cluster = await Cluster.start({ databaseUrl, replicas: 2 });
  try {
    const tenant = await cluster.tenant({ [MODEL]: PRICE, [ENDLESS]: PRICE });
    const budget = await cluster.budget(tenant, (room / 100).toFixed(2));
    const all = await atOnce(cluster, tenant, calls);
    const passed = all.filter((call) => call.ending === 'complete');
    const refused = all.filter((call) => call.status === 429);
    assert.equal(passed.length, room, 'as many calls pass as the budget has room for');
    assert.equal(refused.length, calls - room);
    for (const call of refused) assert.equal(errorOf(call).code, 'insufficient_quota');
    await cluster.settle();
    assert.deepEqual(await period(cluster, budget), { spent: units((room / 100).toFixed(2)), held: 0n });
    const orphanedHolds = await surviveKilledReplica(cluster, tenant, { budget, room });
    return { calls, passed: passed.length, refused: refused.length, orphanedHolds };
  } finally {
    await cluster.stop();
  }
}

/** Peers 3: what a dead replica holds blocks the budget until the reaper has been, and no longer. */
async function surviveKilledReplica(cluster: Cluster, tenant: ClusterTenant, at: { budget: string; room: number }): Promise<number> {
  const more = 10;
  const held = 6;
  await cluster.ask('PATCH', `/organisations/${tenant.organisationId}/budgets/${at.budget}`, {
    limit: ((at.room + more) / 100).toFixed(2),
  });
  await cluster.settled();
  const [victim, survivor] = cluster.addresses();
  assert.ok(victim && survivor);
  const plan = { model: ENDLESS, stream: false, maxTokens: 1 };
  const hanging = Array.from({ length: held }, () => callOnce({ replica: victim, key: tenant.key, plan }));
  await until('the calls are held', 10_000, async () => (await period(cluster, at.budget)).held === units('0.01') * BigInt(held));
  await cluster.replica(0).kill();
  const broken = await Promise.all(hanging);
  assert.ok(broken.every((call) => call.ending === 'broken'));
  const beside = await atOnce(cluster, tenant, more);
  assert.equal(beside.filter((call) => call.ending === 'complete').length, more - held, 'the holds of the dead replica still count');
  await cluster.settle();
  assert.equal((await period(cluster, at.budget)).held, 0n, 'the holds of the dead replica have expired');
  const after = await atOnce(cluster, tenant, more);
  assert.equal(after.filter((call) => call.ending === 'complete').length, held, 'the room they took can be used again');
  return held;
}

/** All calls leave in one turn, spread over the replicas that run. */
function atOnce(cluster: Cluster, tenant: ClusterTenant, count: number): Promise<ClientCall[]> {
  const replicas = cluster.addresses();
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  return Promise.all(
    Array.from({ length: count }, (_, number) => {
      const replica = replicas[number % replicas.length] as string;
      return callOnce({ replica, key: tenant.key, plan: { model: MODEL, stream: number % 3 === 0, maxTokens: 1 }, agent });
    }),
  );
}

async function period(cluster: Cluster, budget: string): Promise<{ spent: bigint; held: bigint }> {
  const [row] = await cluster.rows<{ spent: string; held: string }>(
    'SELECT spent::text, held::text FROM budget_period WHERE budget_id = $1',
    [budget],
  );
  return { spent: units(row?.spent ?? '0'), held: units(row?.held ?? '0') };
}

/** OpenAI's error object. Throws when the body is none. */
export function errorOf(call: ClientCall): { readonly message: string; readonly type: string; readonly code: string | null } {
  const { error } = JSON.parse(call.body) as { error: { message: string; type: string; code: string | null } };
  assert.ok(typeof error.message === 'string' && typeof error.type === 'string', 'it is an error in OpenAI’s shape');
  return error;
}
