import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { prepareQueueDatabase } from '../harness/queue.js';
import { declaredTables, type TableDeclaration } from '../../src/contracts/data-inventory.js';
import { everyDeclaration } from './every-declaration.js';
import { type LiveSchema, readSchema, schemaFaults } from './inventory-schema.js';

await everyDeclaration();

describe('the data inventory and the database', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let schema: LiveSchema;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareQueueDatabase(database.url);
    owner = new pg.Pool({ connectionString: database.url });
    // A connection may outlive the end of its pool until the database is dropped under it.
    owner.on('error', () => undefined);
    schema = await readSchema(owner);
  });

  /** What is found when something about the declaration of one table is changed, beside what was found before. */
  function planted(table: string, change: Partial<TableDeclaration>): string[] {
    const before = schemaFaults(declaredTables(), schema);
    const changed = declaredTables().map((each) => (each.table === table ? { ...each, ...change } : each));
    return schemaFaults(changed, schema).filter((fault) => !before.includes(fault));
  }

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  it('D1: declares every table and column of the database and nothing else; what it counts on is there', () => {
    expect(schemaFaults(declaredTables(), schema)).toEqual([]);
  });

  it('D1: a planted column, table and declaration are each seen', async () => {
    const [ghost] = declaredTables().map((each) => ({ ...each, table: 'ghost' }));
    const client = await owner.connect();
    try {
      await client.query('BEGIN; ALTER TABLE project ADD COLUMN nickname text; CREATE TABLE guest_book (name text);');
      const changed = await readSchema({ query: client.query.bind(client) } as pg.Pool);
      expect(schemaFaults([...declaredTables(), ghost as TableDeclaration], changed)).toEqual(
        expect.arrayContaining(['declared, but not there: ghost', 'not declared: guest_book', 'not declared: project.nickname']),
      );
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('D1: any declaration of a table that is taken away is missed', () => {
    const all = declaredTables();
    const unseen = all.filter((each) => {
      const rest = all.filter((other) => other !== each);
      return !schemaFaults(rest, schema).includes(`not declared: ${each.table}`);
    });
    expect(all.length).toBeGreaterThan(80);
    expect(unseen.map(({ table }) => table)).toEqual([]);
  });

  it('D1: any declaration of a column that is taken away is missed', () => {
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

  it('D1, D3: rows are said to go with an owner only as the database makes them', () => {
    const cascade = { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' } as const;
    expect(planted('account_session', { retention: { ...cascade, owner: 'organisation' } })).toEqual([
      'account_session: goes "cascade" with its organisation, but the database does "after"',
    ]);
    const project = { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'cascade' } as const;
    expect(planted('project', { retention: project })).toEqual([
      'project: goes "cascade" with its organisation, but the database does "first"',
    ]);
    expect(planted('account_password', { retention: { ...cascade, goes: 'first' } })).toHaveLength(1);
  });

  it('D1, D2: what a row is said to be counted from is a moment, and a way through a table is a foreign key', () => {
    const transient = (from: string) => ({ retention: { kind: 'transient', from, within: 'PT2H' } as const });
    expect(planted('account_session', transient('method'))).toEqual(['account_session: method is no moment to count from']);
    expect(planted('account_session', transient('ended_at'))).toEqual(['account_session: ended_at is no moment to count from']);
    expect(planted('totp_attempt', { located: { column: 'account_id', via: 'operator' } })).toEqual([
      'totp_attempt: account_id is no foreign key into operator',
    ]);
    expect(planted('call_payload', { located: { column: 'key_version', via: 'call_record' } })).toEqual([
      'call_payload: key_version is no foreign key into call_record',
    ]);
    expect(planted('operator', { erasure: { anonymise: { name: 'null', account_id: 'null' } } })).toEqual([
      'operator: name cannot be null',
    ]);
  });

  it('D3: what erasure is said to delete can be deleted', () => {
    expect(planted('account_ticket', { erasure: 'delete' })).toEqual(['account_ticket: erasure deletes rows that nobody may delete']);
  });

  it('A3: what it says of who may see a table is what the database enforces', async () => {
    const policies = `SELECT tablename AS table, qual FROM pg_policies
      WHERE schemaname = 'public' AND 'lethe_app' = ANY (roles) AND cmd IN ('ALL', 'SELECT', 'UPDATE', 'DELETE')`;
    const { rows } = await owner.query<{ table: string; qual: string }>(policies);
    const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relrowsecurity`;
    const guarded = new Set((await owner.query<{ relname: string }>(tables)).rows.map((row) => row.relname));
    for (const { table, tenantPolicy } of declaredTables().filter(
      (each) => !each.table.includes('.') && each.table !== 'schema_migration',
    )) {
      const seen = rows.filter((row) => row.table === table).map((row) => row.qual);
      expect([table, guarded.has(table)]).toEqual([table, true]);
      if (tenantPolicy.kind === 'system_only') expect([table, seen]).toEqual([table, []]);
      else expect([table, [...new Set(seen)]]).toEqual([table, [`(${tenantPolicy.column} = current_organisation())`]]);
    }
  });

  it('D2: a table that is said to expire by partition is partitioned by that column', async () => {
    const { rows } = await owner.query<{ table: string; key: string }>(
      `SELECT partrelid::regclass::text AS table, pg_get_partkeydef(partrelid) AS key FROM pg_partitioned_table WHERE partstrat = 'r'`,
    );
    const declared = declaredTables().flatMap(({ table, retention }) =>
      retention.kind === 'partition_by_expiry' ? [{ table, key: `RANGE (${retention.column})` }] : [],
    );
    const byTable = (a: { table: string }, b: { table: string }) => (a.table < b.table ? -1 : 1);
    expect(rows.filter(({ table, key }) => !table.includes('.') && key.startsWith('RANGE')).sort(byTable)).toEqual(declared.sort(byTable));
  });
});
