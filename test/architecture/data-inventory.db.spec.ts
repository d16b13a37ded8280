import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { prepareQueueDatabase } from '../harness/queue.js';
import { declaredTables, declareTable, type TableDeclaration } from '../../src/contracts/data-inventory.js';
import { queueTables } from '../../src/platform/queue/queue.inventory.js';

// Every declaration there is: beside an entity, or in a file of its own. The queue's cannot reach the contracts; app/ declares them.
import.meta.glob(['../../src/**/*.entity.ts', '../../src/**/*.inventory.ts'], { eager: true });
queueTables.forEach(declareTable);

declare global {
  // Vite's, which runs the specs.
  interface ImportMeta {
    glob(patterns: readonly string[], options: { readonly eager: true }): Record<string, unknown>;
  }
}

interface Described {
  readonly table: string;
  readonly columns: readonly string[];
}

/** What differs, one sentence each; empty when both say the same. */
function differences(declared: readonly Described[], existing: readonly Described[]): string[] {
  const difference = (from: readonly Described[], to: readonly Described[], says: string): string[] =>
    from.flatMap(({ table, columns }) => {
      const other = to.find((candidate) => candidate.table === table);
      if (!other) return [`${says}: ${table}`];
      return columns.filter((column) => !other.columns.includes(column)).map((column) => `${says}: ${table}.${column}`);
    });
  return [...difference(existing, declared, 'not declared'), ...difference(declared, existing, 'declared, but not there')].sort();
}

const described = (declarations: readonly TableDeclaration[]): Described[] =>
  declarations.map(({ table, columns }) => ({ table, columns: Object.keys(columns) }));

describe('the data inventory', () => {
  let database: TestDatabase;
  let owner: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareQueueDatabase(database.url);
    owner = new pg.Pool({ connectionString: database.url });
    // A connection may outlive the end of its pool until the database is dropped under it.
    owner.on('error', () => undefined);
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function existing(): Promise<Described[]> {
    const { rows } = await owner.query<Described>(
      `SELECT CASE c.table_schema WHEN 'public' THEN c.table_name ELSE c.table_schema || '.' || c.table_name END AS table,
         array_agg(c.column_name::text) AS columns
       FROM information_schema.columns c
       JOIN pg_class k ON k.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
       WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND k.relkind IN ('r', 'p', 'm') AND NOT k.relispartition
       GROUP BY 1`,
    );
    return rows;
  }

  it('D1: declares every table and column of the database, and nothing that is not there', async () => {
    expect(differences(described(declaredTables()), await existing())).toEqual([]);
  });

  it('D1: a planted column, table and declaration are each seen', async () => {
    await owner.query('ALTER TABLE project ADD COLUMN nickname text; CREATE TABLE guest_book (name text);');
    const planted = { table: 'ghost', columns: ['sheet'] };
    expect(differences([...described(declaredTables()), planted], await existing())).toEqual([
      'declared, but not there: ghost',
      'not declared: guest_book',
      'not declared: project.nickname',
    ]);
    await owner.query('ALTER TABLE project DROP COLUMN nickname; DROP TABLE guest_book;');
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
      `SELECT partrelid::regclass::text AS table, pg_get_partkeydef(partrelid) AS key FROM pg_partitioned_table`,
    );
    const declared = declaredTables().flatMap(({ table, retention }) =>
      retention.kind === 'partition_by_expiry' ? [{ table, key: `RANGE (${retention.column})` }] : [],
    );
    const byTable = (a: { table: string }, b: { table: string }) => (a.table < b.table ? -1 : 1);
    expect(rows.filter((row) => !row.table.includes('.')).sort(byTable)).toEqual(declared.sort(byTable));
  });

  it('G3: no secret is exported, and what is personal is about somebody', () => {
    for (const { table, columns, subject, export: exported } of declaredTables()) {
      const kinds = Object.values(columns);
      if (kinds.includes('personal')) expect([table, subject]).not.toEqual([table, 'none']);
      if (exported === 'not_personal') expect([table, kinds.includes('personal')]).toEqual([table, false]);
    }
  });
});
