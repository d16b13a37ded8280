import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { migrateQueueSchema } from './queue-schema.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database?.drop());

it('replicas that start together bring the schema up without failing one another', async () => {
  for (let round = 0; round < 5; round += 1) {
    const replicas = Array.from({ length: 6 }, () => migrateQueueSchema(database.url, 'lethe_queue'));
    expect((await Promise.allSettled(replicas)).filter(({ status }) => status === 'rejected')).toEqual([]);
  }
});
