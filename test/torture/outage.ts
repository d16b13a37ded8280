// Postgres goes away under load and comes back: stopped, frozen, and for longer than the journal can carry.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { Cluster, type ClusterTenant, until } from '../harness/cluster.ts';
import { callOnce, type ClientCall, Load } from '../harness/load.ts';
import type { OwnPostgres } from '../harness/postgres.ts';
import { startLetheInVain } from '../harness/process.ts';
import { auditBooks, type Books, described, type Kill } from './books.ts';
import { errorOf } from './budget-race.ts';
import { addFailoverRoute, goodPlan, PRICES, STAND_IN } from './mix.ts';

export interface OutageOptions {
  readonly postgres: OwnPostgres;
  /** On that server. */
  readonly databaseUrl: string;
  readonly awayMs: number;
  readonly clients: number;
  readonly say?: (line: string) => void;
}

interface Scene {
  readonly cluster: Cluster;
  readonly tenant: ClusterTenant;
  readonly budget: string;
  readonly options: OutageOptions;
}

const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** A key that might have been issued, its checksum included, and was not: only the database can tell. */
const UNKNOWN_KEY = withChecksum(`lethe_sk_${'0'.repeat(43)}`);

/**
 * Known keys work all through the outage, unknown ones get 503 and never 401 (peers 25), a replica killed in the middle loses nothing, and
 * none of the records is lost.
 */
export async function carryOnWithoutPostgres(options: OutageOptions): Promise<Books & { readonly duringOutage: number }> {
  return staged(options, {}, async (scene) => {
    const { cluster, tenant } = scene;
    const load = loadOn(scene);
    await sleep(1_500);
    await options.postgres.stop();
    const awayFromMs = performance.now();
    await sleep(options.awayMs / 3);
    await expectUnknownKeyIs503(cluster);
    const kill = await killAndFailToStart(cluster);
    await sleep((options.awayMs * 2) / 3);
    const awayToMs = performance.now();
    await options.postgres.start();
    await cluster.startReplica(1);
    await sleep(1_000);
    const calls = await load.stop();
    options.say?.(`clients: ${described(calls)}`);
    const during = calls.filter((call) => call.beganMs > awayFromMs && call.endedMs < awayToMs && call.ending === 'complete').length;
    assert.ok(during > 10, 'calls were carried while Postgres was away');
    expectOnlyKilledCallsFailed(calls, [kill]);
    await cluster.settle();
    return {
      ...(await auditBooks(cluster, {
        organisationId: tenant.organisationId,
        prices: PRICES,
        budgets: [scene.budget],
        calls,
        kills: [kill],
      })),
      duringOutage: during,
    };
  });
}

/** The same for a server that keeps its connections open and answers nothing. */
export async function carryOnWithFrozenPostgres(options: OutageOptions): Promise<Books> {
  return staged(options, {}, async (scene) => {
    const { cluster, tenant } = scene;
    const load = loadOn(scene);
    await sleep(1_500);
    options.postgres.pause();
    await sleep(options.awayMs);
    options.postgres.resume();
    await sleep(1_000);
    const calls = await load.stop();
    options.say?.(`clients: ${described(calls)}`);
    expectOnlyKilledCallsFailed(calls, []);
    await cluster.settle();
    return auditBooks(cluster, { organisationId: tenant.organisationId, prices: PRICES, budgets: [scene.budget], calls, kills: [] });
  });
}

/** Past the journal's bound new calls get 503 with Retry-After, those let in are settled, and the gateway recovers by itself. */
export async function reachTheJournalsBound(options: OutageOptions): Promise<Books & { readonly refused: number }> {
  return staged(options, { LETHE_JOURNAL_MAX_BYTES: '65536' }, async (scene) => {
    const { cluster, tenant } = scene;
    const load = loadOn(scene);
    await sleep(1_000);
    await options.postgres.stop();
    await until('the journal is full', 20_000, () => load.calls.filter((call) => call.status === 503).length > 20);
    await options.postgres.start();
    await until('calls pass again', 20_000, async () => {
      const call = await callOnce({ replica: cluster.addresses()[0] as string, key: tenant.key, plan: goodPlan() });
      load.calls.push(call);
      return call.ending === 'complete';
    });
    await sleep(1_500);
    const calls = await load.stop();
    options.say?.(`clients: ${described(calls)}`);
    const refused = calls.filter((call) => call.ending === 'refused');
    for (const call of refused) {
      assert.equal(call.status, 503, call.body);
      assert.match(String(call.headers['retry-after']), /^[1-9]\d*$/);
      assert.equal(errorOf(call).type, 'server_error');
    }
    const arrived = new Set(cluster.standInLog().map((line) => line.clientRequestId));
    for (const call of refused) assert.ok(!arrived.has(call.id), 'a call that was refused went upstream');
    expectOnlyKilledCallsFailed(
      calls.filter((call) => call.ending !== 'refused'),
      [],
    );
    await cluster.settle();
    return {
      ...(await auditBooks(cluster, { organisationId: tenant.organisationId, prices: PRICES, budgets: [scene.budget], calls, kills: [] })),
      refused: refused.length,
    };
  });
}

async function staged<T>(options: OutageOptions, environment: Record<string, string>, play: (scene: Scene) => Promise<T>): Promise<T> {
  const cluster = await Cluster.start({ databaseUrl: options.databaseUrl, replicas: 2, standIn: STAND_IN, environment });
  try {
    const tenant = await cluster.tenant(PRICES);
    await addFailoverRoute(cluster, tenant);
    const budget = await cluster.budget(tenant, '1000000');
    return await play({ cluster, tenant, budget, options });
  } finally {
    // A server that a failure left frozen or stopped would keep everything from ending.
    options.postgres.resume();
    await cluster.stop();
  }
}

function loadOn({ cluster, tenant, options }: Scene): Load {
  return new Load({ replicas: () => cluster.addresses(), key: tenant.key, clients: options.clients, plan: goodPlan, pauseMs: 60 });
}

async function expectUnknownKeyIs503(cluster: Cluster): Promise<void> {
  const replica = cluster.addresses()[0] as string;
  const call = await callOnce({ replica, key: UNKNOWN_KEY, plan: goodPlan() });
  assert.equal(call.status, 503, `an unknown key is not judged without the database: ${call.body}`);
  assert.match(String(call.headers['retry-after']), /^\d+$/);
  errorOf(call);
}

/** A replica dies with entries in its journal; another cannot start without Postgres and says so in one sentence. */
async function killAndFailToStart(cluster: Cluster): Promise<Kill> {
  const victim = cluster.replica(1);
  const gone = victim.kill();
  const kill = { replica: victim.address, atMs: performance.now() };
  await gone;
  const { code, output } = await startLetheInVain(cluster.environment);
  assert.equal(code, 1);
  assert.match(output, /^lethe: The database cannot be reached \([^)]+\)\. Check DATABASE_URL and that PostgreSQL runs\.\n$/);
  return kill;
}

/** CRC-32 in six base-62 digits, as issued secrets end in it. */
function withChecksum(text: string): string {
  let digits = '';
  for (let rest = crc32(text); rest > 0; rest = Math.floor(rest / 62)) digits = BASE_62.charAt(rest % 62) + digits;
  return text + digits.padStart(6, '0');
}

function expectOnlyKilledCallsFailed(calls: readonly ClientCall[], kills: readonly Kill[]): void {
  for (const call of calls) {
    const died = kills.some((kill) => kill.replica === call.replica && call.endedMs >= kill.atMs);
    if (call.ending !== 'complete' && !died) {
      assert.fail(`a call with a known key ended "${call.ending}" (${call.status}) at ${call.replica}: ${call.body}`);
    }
  }
}
