import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { REDIS_URL, redisAnswers } from '../../../../test/harness/queue.js';
import { hasRedisServer, type OwnRedis, startOwnRedis } from '../../../../test/harness/redis.js';
import { newId } from '../../../kernel/ids.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { declareRedisPrefix } from '../../../platform/redis/redis-prefixes.js';
import { openRedis } from './open-redis.js';
import { SharedWindowCounters } from './shared-window-counters.js';
import { LocalWindowCounters, WINDOW_MS, type WindowCounters } from './window-counter.js';

const opened: Redis[] = [];

afterEach(() => {
  for (const redis of opened.splice(0)) redis.disconnect();
});

async function replica(url: string, prefix = `spec:${newId()}:`): Promise<{ counters: WindowCounters; degraded: boolean[] }> {
  const degraded: boolean[] = [];
  const redis = openRedis(url);
  opened.push(redis);
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  const report = {
    log: Log.open({ level: 'silent' }),
    degraded: (value: boolean) => void degraded.push(value),
    monotonicMs: () => performance.now(),
  };
  const counters = new SharedWindowCounters(redis, new LocalWindowCounters(() => performance.now()), declareRedisPrefix(prefix), report);
  return { counters, degraded };
}

const one = (take = 1, limit = 100) => [{ key: 'k', limit, take }];

/** Far from the end of a minute, so that what is counted at the beginning of a test still counts whole at its end. */
async function awayFromTheBoundary(url: string): Promise<void> {
  const redis = new Redis(url);
  const [seconds] = await redis.time();
  redis.disconnect();
  const leftMs = WINDOW_MS - ((Number(seconds) * 1_000) % WINDOW_MS);
  if (leftMs < 4_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 100));
}

describe('counters shared through Redis', async () => {
  const there = await redisAnswers();

  it.skipIf(!there)(`peers 6: two replicas share one limit (skipped without a Redis at ${REDIS_URL})`, async () => {
    await awayFromTheBoundary(REDIS_URL);
    const prefix = `spec:${newId()}:`;
    const [first, second] = [await replica(REDIS_URL, prefix), await replica(REDIS_URL, prefix)];
    const takes = Array.from({ length: 300 }, async (_, n) => (n % 2 ? first : second).counters.take(one()));
    const admitted = (await Promise.all(takes)).filter((decision) => decision.refusedBy === null);
    expect(admitted).toHaveLength(100);
    admitted[0]?.correct('k', -30);
    await vi.waitFor(async () => expect((await second.counters.take(one(30))).refusedBy).toBeNull());
    expect((await first.counters.take(one())).refusedBy).toBe(0);
    expect([...first.degraded, ...second.degraded]).toEqual([]);
  });

  it.skipIf(!there)(
    `decide as the counters of one process do, corrections included (skipped without a Redis at ${REDIS_URL})`,
    async () => {
      await awayFromTheBoundary(REDIS_URL);
      const { counters } = await replica(REDIS_URL);
      const local = new LocalWindowCounters(() => 0);
      let seed = 7;
      const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
      for (let step = 0; step < 200; step += 1) {
        const requests = ['a', 'b', 'c'].slice(random(3)).map((key) => ({ key, limit: 40 + random(200), take: 1 + random(20) }));
        const [shared, own] = [await counters.take(requests), local.take(requests)];
        expect(shared.refusedBy).toBe(own.refusedBy);
        expect(shared.states.map(({ used, previous }) => ({ used, previous }))).toEqual(
          own.states.map(({ used, previous }) => ({ used, previous })),
        );
        if (shared.refusedBy !== null || random(2) === 0) continue;
        const amount = random(40) - 25;
        for (const decision of [shared, own]) decision.correct(requests[0]?.key ?? '', amount);
      }
    },
  );

  it.skipIf(!there)(`let go of Redis when they are closed (skipped without a Redis at ${REDIS_URL})`, async () => {
    const { counters } = await replica(REDIS_URL);
    const ended = new Promise((resolve) => opened.at(-1)?.once('end', resolve));
    counters.close();
    await ended;
    expect(opened.at(-1)?.status).toBe('end');
  });

  it.skipIf(!there)(`leave nothing in Redis that does not expire (skipped without a Redis at ${REDIS_URL})`, async () => {
    const prefix = `spec:${newId()}:`;
    const { counters } = await replica(REDIS_URL, prefix);
    const decision = await counters.take(one(5));
    decision.correct('k', -50);
    await counters.take(one());
    const redis = new Redis(REDIS_URL);
    opened.push(redis);
    const keys = await redis.keys(`${prefix}*`);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasRedisServer())('when Redis goes away (skipped without a redis-server to start)', () => {
  let redis: OwnRedis;

  beforeAll(async () => {
    redis = await startOwnRedis();
  });

  afterAll(() => redis.destroy());

  it('limits degrade to per-process at once, say so, and are shared again when it is back', async () => {
    const { counters, degraded } = await replica(redis.url);
    await counters.take(one());
    await redis.kill();
    const admitted = [];
    for (let call = 0; call < 150; call += 1) admitted.push((await counters.take(one())).refusedBy);
    expect(admitted.filter((refused) => refused === null)).toHaveLength(100);
    expect(degraded).toEqual([true]);
    await redis.start();
    await vi.waitFor(
      async () => {
        await counters.take(one());
        expect(degraded).toEqual([true, false]);
      },
      { timeout: 5_000, interval: 50 },
    );
    expect((await counters.take(one())).refusedBy).toBeNull();
  });

  it('one that hangs delays the calls that were waiting by a tenth of a second, and no call after them', async () => {
    const { counters, degraded } = await replica(redis.url);
    await counters.take(one());
    redis.pause();
    try {
      const began = performance.now();
      await Promise.all(Array.from({ length: 20 }, async () => counters.take(one())));
      expect(performance.now() - began).toBeLessThan(200);
      const then = performance.now();
      for (let call = 0; call < 20; call += 1) await counters.take(one());
      expect(performance.now() - then).toBeLessThan(50);
      expect(degraded).toEqual([true]);
    } finally {
      redis.resume();
    }
    await vi.waitFor(
      async () => {
        await counters.take(one());
        expect(degraded).toEqual([true, false]);
      },
      { timeout: 5_000, interval: 50 },
    );
  });

  it('a correction that does not arrive fails nothing', async () => {
    const { counters } = await replica(redis.url);
    const decision = await counters.take(one());
    await redis.kill();
    decision.correct('k', 5);
    await counters.take(one());
    decision.correct('k', 5);
    await redis.start();
  });
});
