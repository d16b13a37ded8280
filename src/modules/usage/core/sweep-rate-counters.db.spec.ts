import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomPrefix, REDIS_URL, redisAnswers } from '../../../../test/harness/queue.js';
import { sweepStore } from '../../../../test/harness/sweeps.js';
import { declareRedisPrefix } from '../../../platform/redis/redis-prefixes.js';
import { SweepRateCounters } from './sweep-rate-counters.js';

const hasRedis = await redisAnswers();
const NOW = Date.parse('2026-03-14T12:00:00Z');

describe.skipIf(!hasRedis)(`counters of rate limits${hasRedis ? '' : ` (skipped: no Redis answers at ${REDIS_URL})`}`, () => {
  const prefix = declareRedisPrefix(`${randomPrefix()}:rate:`);
  let redis: Redis;
  let sweep: SweepRateCounters;

  beforeAll(() => {
    redis = new Redis(REDIS_URL);
    sweep = new SweepRateCounters(REDIS_URL, prefix);
  });

  afterAll(async () => {
    await redis.unlink(...(await redis.keys(`${prefix}*`)), 'none');
    redis.disconnect();
  });

  it('D2: are let go of by Redis and counted while they are there; one that Redis would keep is removed', async () => {
    expect(await sweep.oldestSurvivor(NOW)).toBeNull();
    await redis.psetex(`${prefix}a:1`, 100_000, '1');
    await redis.psetex(`${prefix}b:1`, 60_000, '1');
    expect(await sweep.entries()).toBe(2);
    const survivor = await sweep.oldestSurvivor(NOW);
    const dueInMs = (survivor?.dueAt.getTime() ?? 0) - NOW;
    expect(dueInMs).toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000);
    expect((survivor?.dueAt.getTime() ?? 0) - (survivor?.writtenAt.getTime() ?? 0)).toBe(120_000);
    expect(await sweepStore(sweep, NOW)).toMatchObject({ rows: 0 });
    await redis.set(`${prefix}endless`, '1');
    await redis.psetex(`${prefix}late`, 3_600_000, '1');
    expect((await sweep.oldestSurvivor(NOW))?.dueAt).toEqual(new Date(NOW));
    expect(await sweepStore(sweep, NOW)).toMatchObject({ rows: 2 });
    expect((await redis.keys(`${prefix}*`)).sort()).toEqual([`${prefix}a:1`, `${prefix}b:1`]);
  });
});
