import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, type ClusterTenant, until } from '../harness/cluster.js';
import { keepSaying, keptBodies, plainlyIn, type SaidCall, say } from '../harness/content-calls.js';
import { createDatabaseOn } from '../harness/database-on.js';
import { type OwnPostgres, startOwnPostgres } from '../harness/postgres.js';

const MEMORY_BYTES = 1_048_576;
/** What a process had taken and not yet written when it was killed: a tenth of a second is waited for others, then sealed and written. */
const UNWRITTEN_MS = 3_000;
const TIMEOUT = { timeout: 120_000 };

let postgres: OwnPostgres;
let blobs: string;
let cluster: Cluster;
let tenant: ClusterTenant;

beforeAll(async () => {
  postgres = await startOwnPostgres({ synchronous_commit: 'on' });
  blobs = mkdtempSync(join(tmpdir(), 'lethe-content-faults-'));
  const environment = {
    LETHE_PROFILE: 'enterprise',
    LETHE_BLOB_DIR: blobs,
    LETHE_CONTENT_BLOB_BYTES: '20000',
    LETHE_CONTENT_MEMORY_BYTES: String(MEMORY_BYTES),
    LETHE_LOG_LEVEL: 'info',
  };
  cluster = await Cluster.start({ databaseUrl: await createDatabaseOn(postgres, 'content'), replicas: 2, environment });
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  await postgres?.destroy();
  if (blobs) rmSync(blobs, { recursive: true, force: true });
});

const dropped = async (replica: string, reason: string): Promise<number> => {
  const text = await (await fetch(`${replica}/metrics`)).text();
  return Number(new RegExp(`lethe_content_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
};
const rowCount = async (): Promise<number> =>
  (await cluster.rows('SELECT FROM call_payload WHERE organisation_id = $1', [tenant.organisationId])).length;

/** Every byte that anything wrote, the server's own files and what the processes said included. */
async function expectNothingPlain(): Promise<void> {
  await cluster.rows('CHECKPOINT');
  expect(plainlyIn(postgres.directory, cluster.dataDirectory, blobs)).toEqual([]);
  for (const replica of cluster.replicas) expect(replica.output).not.toMatch(/spoken[0-9a-f]{24}/);
}

describe('two replicas', () => {
  it('C4: seal under one key, share the blob store, and both hear of the destruction of their key', TIMEOUT, async () => {
    tenant = await cluster.tenant({});
    const both = async () =>
      Promise.all(cluster.addresses().flatMap((replica) => [say(replica, tenant, 900), say(replica, tenant, 30_000)]));
    const said = await both();
    await until('all is kept', 10_000, async () => (await rowCount()) === 4);
    const kept = await keptBodies(cluster, tenant);
    expect(said.map((call) => kept.get(call?.body ?? '')?.answer?.body)).toEqual(said.map((call) => call?.answer));
    expect([...kept.values()].map(({ keyVersion }) => keyVersion)).toEqual([1, 1, 1, 1]);
    expect(await cluster.rows('SELECT FROM call_payload WHERE blob_day IS NOT NULL')).toHaveLength(2);
    await cluster.ask('DELETE', `/organisations/${tenant.organisationId}/content-keys`);
    await cluster.settled();
    await both();
    await until('all is kept', 10_000, async () => (await rowCount()) === 8);
    const versions = await cluster.rows<{ version: number; count: number }>(
      'SELECT key_version AS version, count(*)::int AS count FROM call_payload WHERE organisation_id = $1 GROUP BY 1 ORDER BY 1',
      [tenant.organisationId],
    );
    expect(versions).toEqual([
      { version: 1, count: 4 },
      { version: 2, count: 4 },
    ]);
  });
});

describe('kill -9 of a gateway while payloads are written', () => {
  it('leaves whole rows and nothing plain, and loses only what it had not written', TIMEOUT, async () => {
    tenant = await cluster.tenant({});
    const stop = keepSaying(cluster, tenant, { clients: 8, long: 60_000 });
    const kills: { readonly replica: string; readonly atMs: number }[] = [];
    try {
      for (let number = 0; number < 4; number += 1) {
        await sleep(500 + Math.random() * 400);
        const victim = cluster.replica(number % 2);
        kills.push({ replica: victim.address, atMs: performance.now() });
        await victim.kill();
        await cluster.startReplica(number % 2);
      }
      await sleep(500);
    } finally {
      await stop();
    }
    const said = await stop();
    expect(said.length).toBeGreaterThan(50);
    const isExcused = (call: SaidCall): boolean =>
      kills.some(({ replica, atMs }) => replica === call.replica && call.endedMs >= atMs - UNWRITTEN_MS);
    const promised = said.filter((call) => call.promised.startsWith('payload;'));
    const certain = promised.filter((call) => !isExcused(call));
    let kept = await keptBodies(cluster, tenant);
    await until('what was promised is kept', 15_000, async () => {
      kept = await keptBodies(cluster, tenant, kept);
      return certain.every((call) => kept.has(call.body));
    });
    // All that was said is what it was, in either place; a promise that was not kept is one of a process that was killed.
    for (const call of promised.filter(({ body }) => kept.has(body))) {
      const found = kept.get(call.body);
      expect(found?.request.cut).toBe(false);
      if (found?.store === 'payload') expect(found.answer?.body).toBe(call.answer);
    }
    expect(promised.filter((call) => !kept.has(call.body)).every(isExcused)).toBe(true);
    for (const call of said.filter(({ promised: header }) => header === 'none')) expect(kept.has(call.body)).toBe(false);
    // Every row leads to an object that is there: reading opened each. An object without a row is no secret, and the sweep's.
    const withBlob = await cluster.rows('SELECT FROM call_payload WHERE organisation_id = $1 AND blob_day IS NOT NULL', [
      tenant.organisationId,
    ]);
    const objects = readdirSync(blobs, { recursive: true }).filter((name) => String(name).includes(`${tenant.organisationId}/`));
    expect(withBlob.length).toBeGreaterThan(0);
    expect(objects.length).toBeGreaterThanOrEqual(withBlob.length);
    await expectNothingPlain();
  });
});

describe('PostgreSQL down while content is to be kept', () => {
  it('calls go on, content waits as far as there is room, and what is dropped is counted and said', TIMEOUT, async () => {
    tenant = await cluster.tenant({});
    const [replica = ''] = cluster.addresses();
    await say(replica, tenant, 900);
    await until('the first is kept', 10_000, async () => (await rowCount()) === 1);
    const before = await dropped(replica, 'no_room');
    await postgres.stop();
    const said: (SaidCall | null)[] = [];
    for (let calls = 0; calls < 160; calls += 1) said.push(await say(replica, tenant, 10_000));
    expect(said.every((call) => call !== null)).toBe(true);
    const isPromised = (call: SaidCall | null): boolean => call?.promised.startsWith('payload;') === true;
    const [promised, refused] = [said.filter(isPromised), said.filter((call) => call?.promised === 'none')];
    expect(promised.length + refused.length).toBe(said.length);
    expect([promised.length > 10, refused.length > 10]).toEqual([true, true]);
    expect(await dropped(replica, 'no_room')).toBe(before + refused.length);
    // It waits in memory alone: the journal carries what is known of calls, and nothing of what was said in them.
    expect(plainlyIn(cluster.dataDirectory, blobs)).toEqual([]);
    await postgres.start();
    await until('what was promised is kept', 40_000, async () => (await rowCount()) === promised.length + 1);
    const kept = await keptBodies(cluster, tenant);
    expect(promised.filter((call) => kept.get(call?.body ?? '')?.answer?.body !== call?.answer)).toEqual([]);
    expect(refused.filter((call) => kept.has(call?.body ?? ''))).toEqual([]);
    await expectNothingPlain();
  });
});
