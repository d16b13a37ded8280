import type pg from 'pg';
import { locatorsOf, type TableDeclaration } from '../../src/contracts/data-inventory.js';

/** What the catalogue says of one column. */
interface LiveColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** One column of a foreign key; `onDelete` as in `pg_constraint.confdeltype`. */
interface LiveKey {
  readonly table: string;
  readonly column: string;
  readonly owner: string;
  readonly onDelete: string;
}

export interface LiveSchema {
  readonly columns: readonly LiveColumn[];
  readonly keys: readonly LiveKey[];
  /** Tables that Lethe's own roles may delete from. */
  readonly deletable: ReadonlySet<string>;
}

const NAME = `CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END`;

/** Tables and columns as the database has them, partitions left out; those outside `public` with their schema before them. */
export async function readSchema(owner: pg.Pool): Promise<LiveSchema> {
  const columns = await owner.query<LiveColumn>(
    `SELECT ${NAME} AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const keys = await owner.query<LiveKey>(
    `SELECT ${NAME} AS table, a.attname AS column, k.confrelid::regclass::text AS owner, k.confdeltype AS "onDelete"
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
     WHERE k.contype = 'f' AND NOT c.relispartition`,
  );
  const deletable = await owner.query<{ table: string }>(
    `SELECT ${NAME} AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
       AND (has_table_privilege('lethe_system', c.oid, 'DELETE') OR has_table_privilege('lethe_app', c.oid, 'DELETE'))`,
  );
  return { columns: columns.rows, keys: keys.rows, deletable: new Set(deletable.rows.map(({ table }) => table)) };
}

/** What differs between declarations and database, one sentence each; empty when both say the same (D1). */
export function schemaFaults(tables: readonly TableDeclaration[], schema: LiveSchema): string[] {
  const expiring = new Set(tables.filter(({ retention }) => retention.kind === 'partition_by_expiry').map(({ table }) => table));
  return [
    ...coverage(tables, schema),
    ...tables.flatMap((each) => deeds(each, schema, expiring).map((fault) => `${each.table}: ${fault}`)),
  ].sort();
}

function coverage(tables: readonly TableDeclaration[], { columns }: LiveSchema): string[] {
  const byName = new Map(tables.map((each) => [each.table, each]));
  const live = new Set(columns.flatMap(({ table, column }) => [table, `${table}.${column}`]));
  const undeclared = columns.flatMap(({ table, column }) => {
    const declared = byName.get(table);
    if (declared === undefined) return [`not declared: ${table}`];
    return column in declared.columns ? [] : [`not declared: ${table}.${column}`];
  });
  const absent = tables.flatMap(({ table, columns: declared }) =>
    live.has(table) ? Object.keys(declared).flatMap((column) => (live.has(`${table}.${column}`) ? [] : [`${table}.${column}`])) : [table],
  );
  return [...new Set([...undeclared, ...absent.map((name) => `declared, but not there: ${name}`)])];
}

/** Types that say when something was; BullMQ counts milliseconds. */
const MOMENTS = new Set(['timestamp with time zone', 'date', 'bigint']);

/** Whether the database does what the declaration counts on. */
function deeds(declaration: TableDeclaration, { columns, keys, deletable }: LiveSchema, expiring: ReadonlySet<string>): string[] {
  const { table, retention, erasure } = declaration;
  const columnOf = (name: string): LiveColumn | undefined => columns.find((each) => each.table === table && each.column === name);
  const keysOf = (column: string, owner: string): LiveKey[] =>
    keys.filter((each) => each.table === table && each.column === column && each.owner === owner);
  const faults: string[] = [];

  if (retention.kind === 'with_owner') {
    const found = keysOf(retention.column, retention.owner);
    const seen = found.length === 0 ? 'after' : found.some(({ onDelete }) => onDelete === 'c') ? 'cascade' : 'first';
    if (seen !== retention.goes) faults.push(`goes "${retention.goes}" with its ${retention.owner}, but the database does "${seen}"`);
  }
  const moments = [
    ...(retention.kind === 'transient' || retention.kind === 'window' ? [retention.from] : []),
    ...Object.values(declaration.columns).flatMap((column) => (typeof column === 'object' ? [column.since] : [])),
  ];
  for (const name of moments) {
    if (!MOMENTS.has(columnOf(name)?.type ?? '')) faults.push(`${name} is no moment to count from`);
  }
  for (const { column, via } of locatorsOf(declaration)) {
    if (via === undefined || keysOf(column, via).length > 0) continue;
    // No foreign key can name a row by less than its partition.
    const id = expiring.has(via) ? columns.find((each) => each.table === via && each.column === 'id') : undefined;
    if (id === undefined || id.type !== columnOf(column)?.type) faults.push(`${column} is no foreign key into ${via}`);
  }
  const goesAlong = keys.some((each) => each.table === table && each.onDelete === 'c');
  if (erasure === 'delete' && !deletable.has(table) && !goesAlong) faults.push('erasure deletes rows that nobody may delete');
  if (typeof erasure === 'object' && 'anonymise' in erasure) {
    const stuck = Object.entries(erasure.anonymise).filter(
      ([column, becomes]) => becomes === 'null' && columnOf(column)?.nullable === false,
    );
    faults.push(...stuck.map(([column]) => `${column} cannot be null`));
  }
  return faults;
}
