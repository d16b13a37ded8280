import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { RotatedKeys } from '../harness/key-rotation.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each kill takes a process of the whole application, on a machine that may be busy with other tests. `npm run torture -- rotation` has the long form. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let database: TestDatabase;
let keys: RotatedKeys;

beforeAll(async () => {
  database = await createTestDatabase();
  keys = await RotatedKeys.start(database.url, 3);
});

afterAll(async () => {
  await keys?.stop();
  await database?.drop();
});

it('K3: kill -9 of whoever follows a rotation of the root key loses no secret; in the end all are under the new one alone', async () => {
  const current = await keys.rotate();
  const stops = [
    { stopsAt: 2, moment: 'within' },
    { stopsAt: 9, moment: 'before' },
    { stopsAt: 13, moment: 'within' },
    { stopsAt: 31, moment: 'before' },
  ] as const;
  for (const stop of stops) {
    expect([stop, await keys.killedAt(stop)]).toEqual([stop, true]);
    await keys.assertWhole();
  }
  expect(await keys.killedAt({ stopsAt: 0, moment: 'before' })).toBe(false);
  await keys.assertAllUnder(current);
  keys.retireOldRootKeys();
  await keys.assertWhole();
  await keys.assertNothingReadable();
});
