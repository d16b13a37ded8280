import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

const ROLES = ['lethe_app', 'lethe_backup', 'lethe_content', 'lethe_queue', 'lethe_system'];
const guide = readFileSync('docs/deployment.md', 'utf8');

interface Right {
  readonly role: string;
  readonly table: string;
  readonly right: string;
}

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

async function rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await client.query<T>(sql, [...values])).rows;
}

/** What each role may do to each table, or to some of its columns; partitions are reached through their table. */
function rightsOf(role: string): Promise<Right[]> {
  return rows<Right>(
    `SELECT $1::text AS role, relname AS table, "right" FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS "right"
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND has_any_column_privilege($1, oid, "right")
     UNION SELECT $1::text, relname, "right" FROM pg_class, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS "right"
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND has_table_privilege($1, oid, "right") ORDER BY 2, 3`,
    [role],
  );
}

async function readBy(role: string): Promise<string[]> {
  return (await rightsOf(role)).filter(({ right }) => right === 'SELECT').map(({ table }) => table);
}

/** The tables that the guide puts in back quotes within one piece of it. */
function namedIn(piece: RegExp): string[] {
  const [, text = ''] = piece.exec(guide) ?? [];
  return [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).toSorted();
}

describe('S4: least privilege in the database', () => {
  it('no role can log in, own anything, make anything or look past row-level security; the guide names each', async () => {
    const found = await rows<{ name: string; powers: boolean; owned: boolean }>(
      `SELECT rolname AS name, rolcanlogin OR rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication AS powers,
         EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owned
       FROM pg_roles r WHERE rolname = ANY ($1) ORDER BY rolname`,
      [ROLES],
    );
    expect(found).toEqual(ROLES.map((name) => ({ name, powers: false, owned: false })));
    for (const role of ROLES) expect(guide).toContain(`| \`${role}\` |`);
  });

  it('nobody has a right to a table by being anybody', async () => {
    const open = await rows(
      `SELECT relname FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND grantee = 0`,
    );
    expect(open).toEqual([]);
  });

  it('lethe_backup reads every table and changes none', async () => {
    const rights = await rightsOf('lethe_backup');
    expect(new Set(rights.map(({ right }) => right))).toEqual(new Set(['SELECT']));
    const tables = await rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    );
    expect(await readBy('lethe_backup')).toEqual(expect.arrayContaining(tables.map(({ name }) => name)));
  });

  it('C3: lethe_content reads the tables of content that the guide names and no other, and nobody else reads those', async () => {
    const content = namedIn(/\| `lethe_content` \|([^|]*)\|/);
    expect(content.length).toBeGreaterThan(3);
    expect((await readBy('lethe_content')).filter((table) => !/_p\d{8}$/.test(table))).toEqual(content);
    for (const role of ['lethe_app', 'lethe_system', 'lethe_queue']) {
      const read = new Set(await readBy(role));
      // Of keys they see which there are.
      expect([role, content.filter((table) => read.has(table) && table !== 'content_key')]).toEqual([role, []]);
      const [{ may } = { may: true }] = await rows<{ may: boolean }>(
        `SELECT has_column_privilege($1, 'content_key', 'wrapped_key', 'SELECT') AS may`,
        [role],
      );
      expect([role, may]).toEqual([role, false]);
    }
  });

  it('lethe_queue has no right to any table of Lethe', async () => {
    expect(await rightsOf('lethe_queue')).toEqual([]);
  });

  it('A3: lethe_app reads nothing but through a policy, and none of what the guide keeps from it', async () => {
    const kept = namedIn(/What nobody but `lethe_system` and `lethe_backup` reads:([^.]*)\./);
    expect(kept.length).toBeGreaterThan(5);
    for (const role of ['lethe_app', 'lethe_content', 'lethe_queue']) {
      const read = new Set(await readBy(role));
      expect([role, kept.filter((table) => read.has(table))]).toEqual([role, []]);
    }
    const everyone = new Set(await readBy('lethe_system'));
    expect(kept.filter((table) => !everyone.has(table))).toEqual([]);
    const unguarded = await rows(
      `SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND has_any_column_privilege('lethe_app', oid, 'SELECT')
         AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT FROM pg_policies
           WHERE tablename = c.relname AND 'lethe_app' = ANY (roles) AND cmd IN ('ALL', 'SELECT') AND qual <> 'true'))`,
    );
    expect(unguarded).toEqual([]);
  });

  it('O6: neither role that serves changes or removes an audit event', async () => {
    for (const role of ['lethe_app', 'lethe_system']) {
      const rights = (await rightsOf(role)).filter(({ table }) => table === 'audit_event').map(({ right }) => right);
      expect([role, rights]).toEqual([role, ['INSERT', 'SELECT']]);
    }
  });
});
