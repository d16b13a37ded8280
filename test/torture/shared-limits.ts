// Rate limits that replicas share over Redis (peers 6), and what becomes of them when Redis is killed under load.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type ClusterTenant, until } from '../harness/cluster.ts';
import { callOnce, Load } from '../harness/load.ts';
import type { OwnRedis } from '../harness/redis-process.ts';
import { auditBooks, type Books, described } from './books.ts';
import { goodPlan, PRICES, STAND_IN, addFailoverRoute } from './mix.ts';

/** Two replicas, one limit: as many calls pass in all as a single replica would let through. Answers how many. */
export async function shareLimits(databaseUrl: string, redis: OwnRedis): Promise<number> {
  return withCluster(databaseUrl, redis, async (cluster, tenant) => {
    const limit = 20;
    await limitRequests(cluster, tenant, limit);
    const passed = await passedOf(cluster, tenant, 3 * limit);
    assert.equal(passed, limit);
    return passed;
  });
}

/** Without Redis each replica counts by itself and says so; nobody is refused for it, and with Redis back they count together again. */
export async function loseRedisUnderLoad(
  databaseUrl: string,
  redis: OwnRedis,
  say: (line: string) => void = () => undefined,
): Promise<Books> {
  return withCluster(databaseUrl, redis, async (cluster, tenant) => {
    await limitRequests(cluster, tenant, 1_000_000);
    const load = new Load({ replicas: () => cluster.addresses(), key: tenant.key, clients: 8, plan: goodPlan, pauseMs: 30 });
    await sleep(1_000);
    await redis.kill();
    await until('the metrics say that limits are degraded', 10_000, () => everyReplicaIsDegraded(cluster, true));
    await sleep(1_500);
    await redis.start();
    await until('the metrics say that limits are shared again', 10_000, () => everyReplicaIsDegraded(cluster, false));
    await sleep(500);
    const calls = await load.stop();
    say(`clients: ${described(calls)}`);
    for (const call of calls) assert.equal(call.ending, 'complete', `${call.status}: ${call.body}`);
    await cluster.settle();
    const books = await auditBooks(cluster, { organisationId: tenant.organisationId, prices: PRICES, budgets: [], calls, kills: [] });
    const other = await cluster.tenant({});
    await limitRequests(cluster, other, 10);
    assert.equal(await passedOf(cluster, other, 30), 10, 'both replicas count together again');
    return books;
  });
}

async function withCluster<T>(
  databaseUrl: string,
  redis: OwnRedis,
  play: (cluster: Cluster, tenant: ClusterTenant) => Promise<T>,
): Promise<T> {
  const cluster = await Cluster.start({ databaseUrl, replicas: 2, standIn: STAND_IN, environment: { REDIS_URL: redis.url } });
  try {
    const tenant = await cluster.tenant(PRICES);
    await addFailoverRoute(cluster, tenant);
    return await play(cluster, tenant);
  } finally {
    await cluster.stop();
  }
}

async function limitRequests(cluster: Cluster, { organisationId }: ClusterTenant, requestsPerMinute: number): Promise<void> {
  const path = `/organisations/${organisationId}/rate-limits/organisation/${organisationId}`;
  await cluster.ask('PUT', path, { requestsPerMinute, tokensPerMinute: null });
  await cluster.settled();
}

async function passedOf(cluster: Cluster, tenant: ClusterTenant, calls: number): Promise<number> {
  const replicas = cluster.addresses();
  const plan = { model: 'plain', stream: false, maxTokens: 1 };
  const all = await Promise.all(
    Array.from({ length: calls }, (_, number) =>
      callOnce({ replica: replicas[number % replicas.length] as string, key: tenant.key, plan }),
    ),
  );
  for (const call of all) if (call.ending !== 'complete') assert.equal(call.status, 429, call.body);
  return all.filter((call) => call.ending === 'complete').length;
}

async function everyReplicaIsDegraded(cluster: Cluster, degraded: boolean): Promise<boolean> {
  const pages = await Promise.all(cluster.addresses().map(async (address) => (await fetch(`${address}/metrics`)).text()));
  return pages.every((page) => page.includes(`\nlethe_limiter_degraded ${degraded ? 1 : 0}\n`));
}
