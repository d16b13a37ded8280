import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredTables } from '../../src/contracts/data-inventory.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { prepareQueueDatabase } from '../harness/queue.js';
import { everyDeclaration } from './every-declaration.js';
import { type LiveSchema, readSchema, schemaFaults } from './inventory-schema.js';

await everyDeclaration();

describe('D1: a declaration that is taken away is missed', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let schema: LiveSchema;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareQueueDatabase(database.url);
    owner = new pg.Pool({ connectionString: database.url });
    owner.on('error', () => undefined);
    schema = await readSchema(owner);
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  it('of any table', () => {
    const all = declaredTables();
    const unseen = all.filter((each) => {
      const rest = all.filter((other) => other !== each);
      return !schemaFaults(rest, schema).includes(`not declared: ${each.table}`);
    });
    expect(all.length).toBeGreaterThan(80);
    expect(unseen.map(({ table }) => table)).toEqual([]);
  });

  it('of any column', () => {
    const unseen = declaredTables().flatMap((each) =>
      Object.keys(each.columns)
        .filter((column) => {
          const columns = Object.fromEntries(Object.entries(each.columns).filter(([name]) => name !== column));
          return !schemaFaults([{ ...each, columns }], schema).includes(`not declared: ${each.table}.${column}`);
        })
        .map((column) => `${each.table}.${column}`),
    );
    expect(unseen).toEqual([]);
  });
});
