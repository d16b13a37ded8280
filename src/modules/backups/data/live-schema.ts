import type pg from 'pg';

/** Lethe's own book of migrations: a restore makes it again instead of copying it. */
const NOT_COPIED = ['schema_migration'];

/** A partition, with what makes another one like it. */
export interface LivePartition {
  readonly name: string;
  /** As SQL says it, such as `FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')`. */
  readonly bound: string;
  /** The day its rows expire on, `YYYY-MM-DD`; null where that is not what the table is partitioned by. */
  readonly day: string | null;
}

/** A table of the database as it stands. */
export interface LiveTable {
  readonly table: string;
  /** Those that hold something of their own: generated ones make themselves. */
  readonly columns: readonly string[];
  /** The column its rows expire by, where it is partitioned by that. */
  readonly expiresBy: string | null;
  readonly partitions: readonly LivePartition[];
  /** Whether the role that takes backups sees every row. */
  readonly admitted: boolean;
}

/** Every table of the schema, by name. A partitioned table is one table. */
export async function readTables(client: pg.ClientBase): Promise<LiveTable[]> {
  const { rows } = await client.query<LiveTable>(
    `SELECT c.relname AS table,
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns,
       (SELECT attname::text FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE p.partrelid = c.oid AND p.partstrat = 'r') AS "expiresBy",
       coalesce((SELECT jsonb_agg(jsonb_build_object('name', child.relname, 'bound', pg_get_expr(child.relpartbound, child.oid),
             'day', substring(child.relname FROM '_p([0-9]{8})$')::date) ORDER BY child.relname)
           FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = c.oid), '[]') AS partitions,
       CASE WHEN to_regrole('lethe_backup') IS NULL THEN false ELSE has_table_privilege(to_regrole('lethe_backup')::oid, c.oid, 'SELECT')
         AND (NOT c.relrowsecurity OR EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'backup')) END AS admitted
     FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1)
     ORDER BY c.relname`,
    [NOT_COPIED],
  );
  return rows;
}

/** A foreign key between two tables. */
export interface Reference {
  readonly from: string;
  readonly to: string;
  readonly columns: readonly string[];
  readonly toColumns: readonly string[];
}

export async function readReferences(client: pg.ClientBase): Promise<Reference[]> {
  const names = (relation: string, numbers: string) =>
    `ARRAY(SELECT attname::text FROM unnest(${numbers}) WITH ORDINALITY AS n (number, place)
           JOIN pg_attribute ON attrelid = ${relation} AND attnum = number ORDER BY place)`;
  const { rows } = await client.query<Reference>(
    `SELECT source.relname AS from, target.relname AS to,
       ${names('conrelid', 'conkey')} AS columns, ${names('confrelid', 'confkey')} AS "toColumns"
     FROM pg_constraint JOIN pg_class source ON source.oid = conrelid JOIN pg_class target ON target.oid = confrelid
     WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace`,
  );
  return rows;
}

/** Tables so that each comes behind those it refers to. Raises an invariant error when some refer to each other in a circle. */
export function inLoadingOrder(tables: readonly string[], references: readonly Reference[]): string[] {
  const ordered: string[] = [];
  const left = new Set(tables);
  while (left.size > 0) {
    const ready = [...left].filter((table) => !references.some(({ from, to }) => from === table && to !== table && left.has(to)));
    if (ready.length === 0) throw new Error(`invariant broken: tables refer to each other in a circle (${[...left].join(', ')})`);
    for (const table of ready) left.delete(table);
    ordered.push(...ready);
  }
  return ordered;
}

/** A name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedList(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}
