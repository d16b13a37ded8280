// Replicas that are told to stop while they carry calls (peers 9).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../harness/cluster.ts';
import { Load } from '../harness/load.ts';
import { auditBooks, type Books, described } from './books.ts';
import { addFailoverRoute, anyPlan, PRICES, STAND_IN } from './mix.ts';

export interface ShutdownOptions {
  readonly databaseUrl: string;
  readonly stops: number;
  readonly clients: number;
  readonly say?: (line: string) => void;
}

/** A rolling restart under load: every stop is clean, every call in flight ends, and nothing is missing from the books. */
export async function stopUnderLoad(options: ShutdownOptions): Promise<Books> {
  const environment = { LETHE_ON_CLIENT_DISCONNECT: 'drain' };
  const cluster = await Cluster.start({ databaseUrl: options.databaseUrl, replicas: 2, standIn: STAND_IN, environment });
  try {
    const tenant = await cluster.tenant(PRICES);
    await addFailoverRoute(cluster, tenant);
    const budget = await cluster.budget(tenant, '1000000');
    const load = new Load({ replicas: () => cluster.addresses(), key: tenant.key, clients: options.clients, plan: anyPlan });
    for (let number = 0; number < options.stops; number += 1) {
      await sleep(300 + Math.random() * 700);
      const index = number % 2;
      assert.equal(await cluster.replica(index).stop(), 0, cluster.replica(index).output);
      await cluster.startReplica(index);
    }
    await sleep(500);
    const calls = await load.stop();
    options.say?.(`clients: ${described(calls)}`);
    await cluster.settle();
    const arrived = new Set(cluster.standInLog().map((line) => line.clientRequestId));
    for (const call of calls) {
      // A connection that is closed while a call is being put on it: nothing was begun, so nothing is lost.
      if (call.ending === 'broken') assert.ok(!arrived.has(call.id), `call ${call.id} went upstream and its client never saw the end`);
      assert.notEqual(call.ending, 'cut', `call ${call.id} was cut by a clean stop`);
    }
    const books = await auditBooks(cluster, { organisationId: tenant.organisationId, prices: PRICES, budgets: [budget], calls, kills: [] });
    assert.equal(books.interrupted, 0);
    return books;
  } finally {
    await cluster.stop();
  }
}
