import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../harness/postgres.js';
import { createDatabaseOn } from '../harness/database-on.js';
import { raceForBudget } from '../torture/budget-race.ts';
import { killUnderLoad } from '../torture/kills.ts';
import { stopUnderLoad } from '../torture/shutdown.ts';

// Short forms of what `npm run torture` does at length. The processes are the built program's.
let postgres: OwnPostgres;

beforeAll(async () => {
  postgres = await startOwnPostgres({ synchronous_commit: 'on' });
});

afterAll(() => postgres?.destroy());

it('U3, peers 10: kill -9 at any moment: every call the upstream got is in the ledger once, with its true cost or visibly unknown', {
  timeout: 120_000,
}, async () => {
  const books = await killUnderLoad({
    databaseUrl: await createDatabaseOn(postgres, 'kills'),
    kills: 5,
    replicas: 2,
    clients: 16,
    everyMs: 600,
  });
  expect(books.kills).toBe(5);
  expect(books.interrupted).toBeLessThan(books.knownCost);
});

it('peers 9: SIGTERM under load: every call in flight ends, and no record is missing', { timeout: 120_000 }, async () => {
  const books = await stopUnderLoad({ databaseUrl: await createDatabaseOn(postgres, 'stops'), stops: 2, clients: 16 });
  expect(books.records).toBe(books.receivedUpstream);
});

it('peers 1, 2, 3, 4: a hard budget for 100 lets exactly 100 of 500 calls at once pass on two replicas; holds of a dead replica expire', {
  timeout: 120_000,
}, async () => {
  expect(await raceForBudget(await createDatabaseOn(postgres, 'race'), 500, 100)).toMatchObject({
    passed: 100,
    refused: 400,
    orphanedHolds: 6,
  });
});
