import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabaseOn } from '../harness/database-on.js';
import { type OwnPostgres, startOwnPostgres } from '../harness/postgres.js';
import { killDuringUploads } from '../torture/uploads.ts';

// The short form of `npm run torture -- uploads`. The processes are the built program's.
let postgres: OwnPostgres;

beforeAll(async () => {
  postgres = await startOwnPostgres({ synchronous_commit: 'on' });
}, 120_000);
afterAll(() => postgres?.destroy());

it('C4, D2: kill -9 at every moment of an upload leaves no row that leads to nothing, and no byte that the sweep does not remove in its time', {
  timeout: 300_000,
}, async () => {
  expect(await killDuringUploads({ databaseUrl: await createDatabaseOn(postgres, 'uploads'), rounds: 1 })).toEqual({
    kills: 5,
    'uploads discarded': 3,
    'objects removed': 2,
  });
});
