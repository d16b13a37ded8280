import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../harness/postgres.js';
import { createDatabaseOn } from '../harness/database-on.js';
import { hasRedisServer, OwnRedis } from '../harness/redis-process.ts';
import { carryOnWithFrozenPostgres, carryOnWithoutPostgres, reachTheJournalsBound } from '../torture/outage.ts';
import { loseRedisUnderLoad, shareLimits } from '../torture/shared-limits.ts';

// Short forms of what `npm run torture` does at length. The processes are the built program's.
let postgres: OwnPostgres;
let databases = 0;

beforeAll(async () => {
  postgres = await startOwnPostgres({ synchronous_commit: 'on' });
});

afterAll(() => postgres?.destroy());

it('peers 25, U3: without Postgres known keys keep working, unknown ones get 503 and not 401, and no record is lost to a kill -9', {
  timeout: 120_000,
}, async () => {
  const books = await carryOnWithoutPostgres({ postgres, databaseUrl: await database(), awayMs: 6_000, clients: 8 });
  expect(books.duringOutage).toBeGreaterThan(10);
});

it('U3: a Postgres that keeps connections and answers nothing counts as one that is away', { timeout: 120_000 }, async () => {
  const books = await carryOnWithFrozenPostgres({ postgres, databaseUrl: await database(), awayMs: 5_000, clients: 8 });
  expect(books.interrupted).toBe(0);
});

it('past the bound of the journal the answer is 503 with Retry-After, and the gateway recovers by itself', {
  timeout: 120_000,
}, async () => {
  const books = await reachTheJournalsBound({ postgres, databaseUrl: await database(), awayMs: 0, clients: 8 });
  expect(books.refused).toBeGreaterThan(0);
});

it.runIf(hasRedisServer)('peers 6: a rate limit holds over two replicas when Redis is there', { timeout: 120_000 }, async () => {
  const redis = await OwnRedis.start();
  try {
    expect(await shareLimits(await database(), redis)).toBe(20);
  } finally {
    await redis.kill();
  }
});

it.runIf(hasRedisServer)(
  'Redis killed under load: nobody is refused, limits count per process and say so, and recover',
  { timeout: 120_000 },
  async () => {
    const redis = await OwnRedis.start();
    try {
      expect((await loseRedisUnderLoad(await database(), redis)).interrupted).toBe(0);
    } finally {
      await redis.kill();
    }
  },
);

/** A database of a test's own on the server that all of them share. */
async function database(): Promise<string> {
  databases += 1;
  return createDatabaseOn(postgres, `faults_${databases}`);
}
