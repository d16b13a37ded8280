import { Client, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import type { AppError } from '../../kernel/errors.js';
import { toAppError } from './foreign-errors.js';
import { toProblem } from './problem.js';

const CANARY = 'canary-4711';

let database: TestDatabase;
let source: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  source = await new DataSource({ type: 'postgres', url: database.url, poolSize: 2 }).initialize();
  await source.query('CREATE TABLE owner_rows (id uuid PRIMARY KEY, name varchar(20) UNIQUE CHECK (length(name) > 1))');
  await source.query('CREATE TABLE owned_rows (owner_id uuid REFERENCES owner_rows (id), amount numeric(4,2))');
  await source.query('CREATE TABLE dated_rows (day date, name text) PARTITION BY RANGE (day)');
  await source.query("INSERT INTO owner_rows VALUES ('0190a000-0000-7000-8000-000000000001', 'canary-4711')");
  await source.query("INSERT INTO owned_rows VALUES ('0190a000-0000-7000-8000-000000000001', 1)");
});

afterAll(async () => {
  await source?.destroy();
  await database?.drop();
});

async function failureOf(work: () => Promise<unknown>): Promise<AppError> {
  try {
    await work();
  } catch (error) {
    return toAppError(error);
  }
  throw new Error('the statement was expected to fail');
}

const OTHER_ID = '0190a000-0000-7000-8000-000000000002';

describe('errors of a real Postgres', () => {
  it.each<[what: string, sql: string, parameters: unknown[], problem: [status: number, code: string]]>([
    ['a duplicate', 'INSERT INTO owner_rows VALUES ($1, $2)', [OTHER_ID, CANARY], [409, 'lethe/conflict']],
    ['a reference to what is absent', 'INSERT INTO owned_rows VALUES ($1, 1)', [OTHER_ID], [404, 'lethe/not_found']],
    ['a delete of what is in use', 'DELETE FROM owner_rows WHERE name = $1', [CANARY], [409, 'http/in_use']],
    ['an id that is none', 'SELECT * FROM owner_rows WHERE id = $1', [CANARY], [400, 'lethe/invalid_request']],
    ['text with NUL', 'SELECT * FROM owner_rows WHERE name = $1', [`${CANARY}\u0000`], [400, 'lethe/invalid_request']],
    ['text that is too long', 'INSERT INTO owner_rows VALUES ($1, $2)', [OTHER_ID, CANARY.repeat(9)], [400, 'lethe/invalid_request']],
    ['a number out of range', 'INSERT INTO owned_rows VALUES (NULL, $1)', ['12345678'], [400, 'lethe/invalid_request']],
    ['a broken check', 'INSERT INTO owner_rows VALUES ($1, $2)', [OTHER_ID, 'c'], [400, 'lethe/invalid_request']],
    ['a row without a partition', 'INSERT INTO dated_rows VALUES ($1, $2)', ['2030-01-01', CANARY], [500, 'lethe/internal']],
    ['a table that is missing', `SELECT * FROM "${CANARY}"`, [], [500, 'lethe/internal']],
    ['a server that shuts the connection', 'SELECT pg_terminate_backend(pg_backend_pid())', [], [503, 'lethe/unavailable']],
  ])('%s is answered without repeating a value', async (_what, sql, parameters, [status, code]) => {
    const error = await failureOf(() => source.query(sql, parameters));
    expect(error).toMatchObject({ status, code });
    expect(JSON.stringify(toProblem(error, OTHER_ID))).not.toContain('canary');
  });

  it('a statement that takes too long is a 503 with Retry-After', async () => {
    const error = await failureOf(() => source.query("SET statement_timeout = '20ms'; SELECT pg_sleep(2)"));
    expect(error).toMatchObject({ status: 503, details: { retryAfterSeconds: 2 } });
  });

  it('a server that cannot be reached, and a pool that has no connection to give, are 503', async () => {
    const absent = new Client({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await failureOf(() => absent.connect())).toMatchObject({ status: 503 });
    const pool = new Pool({ connectionString: database.url, max: 1, connectionTimeoutMillis: 50 });
    const held = await pool.connect();
    expect(await failureOf(() => pool.connect())).toMatchObject({ status: 503 });
    held.release();
    await pool.end();
  });
});
