import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { firstUnknownMigration, hasPendingMigrations, revertAllMigrations, runMigrations } from './migrations.js';

describe('migrations', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  async function schema(): Promise<string[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ line: string }>(
      `SELECT format('%s.%s %s', table_name, column_name, data_type) AS line FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name <> 'schema_migration'
       UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
       UNION ALL SELECT 'policy ' || tablename || ' ' || policyname FROM pg_policies
       ORDER BY 1`,
    );
    await client.end();
    return rows.map((row) => row.line);
  }

  it('go up, down and up again, and leave the same schema', async () => {
    const first = await schema();
    expect(first.length).toBeGreaterThan(100);
    await revertAllMigrations(database.url);
    expect(await schema()).toEqual([]);
    expect(await hasPendingMigrations(database.url)).toBe(true);
    const applied = await runMigrations(database.url);
    expect(applied.length).toBeGreaterThan(5);
    expect(await schema()).toEqual(first);
    expect(await hasPendingMigrations(database.url)).toBe(false);
  });

  it('of a newer version are known from those of this one', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migration');
    await client.end();
    const applied = rows.map(({ name }) => name);
    expect(firstUnknownMigration(applied)).toBeUndefined();
    expect(firstUnknownMigration([...applied, 'of-tomorrow-2', 'of-tomorrow-1'])).toBe('of-tomorrow-2');
  });

  it('run once when two replicas start together', async () => {
    await revertAllMigrations(database.url);
    const applied = await Promise.all([runMigrations(database.url), runMigrations(database.url)]);
    expect(applied.flat().length).toBe(new Set(applied.flat()).size);
  });
});
