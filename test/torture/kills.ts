// `kill -9` of gateways at random moments under load.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, until } from '../harness/cluster.ts';
import { endings, Load } from '../harness/load.ts';
import { auditBooks, type Books, described, type Kill } from './books.ts';
import { addFailoverRoute, anyPlan, PRICES, STAND_IN } from './mix.ts';

export interface KillOptions {
  readonly databaseUrl: string;
  readonly kills: number;
  readonly replicas: number;
  readonly clients: number;
  /** Longest time between a replica's start and the next kill. */
  readonly everyMs: number;
  readonly say?: (line: string) => void;
}

/**
 * Kills one replica after another, starts each again at once, and holds the ledger against the upstream's log. Clients that hang up are
 * drained, so that there is a true count to charge for them too.
 */
export async function killUnderLoad(options: KillOptions): Promise<Books & { readonly kills: number }> {
  const { say = () => undefined } = options;
  const environment = { LETHE_ON_CLIENT_DISCONNECT: 'drain' };
  const cluster = await Cluster.start({ databaseUrl: options.databaseUrl, replicas: options.replicas, standIn: STAND_IN, environment });
  try {
    const tenant = await cluster.tenant(PRICES);
    await addFailoverRoute(cluster, tenant);
    const budget = await cluster.budget(tenant, '1000000');
    const load = new Load({ replicas: () => cluster.addresses(), key: tenant.key, clients: options.clients, plan: anyPlan });
    const kills: Kill[] = [];
    const starting: Promise<unknown>[] = [];
    for (let number = 0; number < options.kills; number += 1) {
      await sleep(100 + Math.random() * options.everyMs);
      const index = number % options.replicas;
      // Started while others are killed, and killed again only once it serves.
      await starting[index];
      const victim = cluster.replica(index);
      const gone = victim.kill();
      kills.push({ replica: victim.address, atMs: performance.now() });
      await gone;
      starting[index] = cluster.startReplica(index);
      say(`kill ${number + 1} of ${options.kills}: ${load.calls.length} calls so far`);
    }
    await Promise.all(starting);
    await sleep(500);
    const calls = await load.stop();
    // What clients left is still being drained.
    await cluster.settle();
    const ends = endings(calls);
    say(`clients: ${described(calls)}`);
    assert.ok(ends.complete > 0 && ends.left > 0 && ends.broken > 0, 'the load has not seen what it is to see');
    await until('the upstream has ended every call', 10_000, () => {
      const log = cluster.standInLog();
      return log.filter((line) => line.event === 'ended').length === log.filter((line) => line.event === 'received').length;
    });
    const audited = { organisationId: tenant.organisationId, prices: PRICES, budgets: [budget], calls, kills };
    return { ...(await auditBooks(cluster, audited)), kills: kills.length };
  } finally {
    await cluster.stop();
  }
}
