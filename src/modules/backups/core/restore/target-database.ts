import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { declaredTables } from '../../../../contracts/data-inventory.js';
import { firstUnknownMigration, revertAllMigrations, runMigrations } from '../../../../platform/database/migrations.js';
import { QUEUE_SCHEMA } from '../../../../platform/queue/queue-schema.js';
import { backupsErrors, foreignInstallation, newerSchema } from '../../backups.errors.js';
import {
  inLoadingOrder,
  type LivePartition,
  type LiveTable,
  quoted,
  quotedList,
  readReferences,
  readTables,
  type Reference,
} from '../../data/live-schema.js';
import { COPY_SESSION } from '../../data/snapshot.js';
import type { BackupHeader } from '../archive/backup-header.js';
import { RESTORE_SCHEMA } from './unfinished-restore.js';

const CONNECT_MS = 10_000;
/** Nobody else is there, so a lock that is not to be had at once is somebody who should not be. */
const LOCK_MS = 10_000;
/** Each partition takes some five locks, and a server has a few thousand for everybody. */
const PARTITIONS_AT_ONCE = 100;

/** The rows of one table, handed to a stream. */
export type RowSource = (into: NodeJS.WritableStream) => Promise<void>;

/** The database a backup is restored into, as the owner of its schema. */
export class TargetDatabase {
  private constructor(
    private readonly ownerUrl: string,
    private readonly client: pg.Client,
  ) {}

  static async open(ownerUrl: string): Promise<TargetDatabase> {
    const client = new pg.Client({
      connectionString: ownerUrl,
      application_name: 'lethe-restore',
      connectionTimeoutMillis: CONNECT_MS,
      options: `-c statement_timeout=0 -c lock_timeout=${LOCK_MS} ${COPY_SESSION}`,
    });
    client.on('error', () => undefined);
    await client.connect();
    return new TargetDatabase(ownerUrl, client);
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** Refuses a database that somebody uses, that a newer Lethe has migrated, or that holds something nobody has agreed to lose. Changes nothing. */
  async require(header: BackupHeader, replace: boolean): Promise<void> {
    if (await this.any(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('lethe', 'lethe-backup')`))
      throw backupsErrors.target_in_use();
    const applied = await this.applied();
    const unknown = firstUnknownMigration(applied);
    if (unknown !== undefined) throw newerSchema('database', unknown);
    if (applied.length === 0 || (await this.isCondemned())) return;
    if (!(await this.holdsAnything())) return;
    const { rows } = await this.client.query<{ id: string }>('SELECT installation_id AS id FROM installation');
    const other = rows.find(({ id }) => id !== header.installation);
    if (other) throw foreignInstallation(header.installation, other.id);
    if (!replace) throw backupsErrors.target_not_empty();
  }

  /**
   * From here on the database is unusable until the restore has come to its end, and says so to whoever starts on it. Doing it again on a
   * condemned database is how an interrupted restore goes on.
   */
  async condemn(header: BackupHeader): Promise<void> {
    await this.client.query(
      `CREATE SCHEMA IF NOT EXISTS ${RESTORE_SCHEMA}; CREATE TABLE IF NOT EXISTS ${RESTORE_SCHEMA}.unfinished (backup uuid NOT NULL)`,
    );
    await this.client.query(`INSERT INTO ${RESTORE_SCHEMA}.unfinished VALUES ($1)`, [header.id]);
  }

  /** Takes away what Lethe has made there, the jobs of its queue too, and makes the schema the backup was taken from. */
  async rebuild(migrations: readonly string[]): Promise<void> {
    await this.client.query(`DROP SCHEMA IF EXISTS ${QUEUE_SCHEMA} CASCADE`);
    await this.dropPartitions();
    await revertAllMigrations(this.ownerUrl);
    await runMigrations(this.ownerUrl, new Set(migrations));
  }

  tables(): Promise<LiveTable[]> {
    return readTables(this.client);
  }

  async loadingOrder(tables: readonly string[]): Promise<string[]> {
    return inLoadingOrder(tables, await readReferences(this.client));
  }

  /** Makes partitions as they were when the backup was taken. */
  async makePartitions(table: string, partitions: readonly LivePartition[]): Promise<void> {
    for (let at = 0; at < partitions.length; at += PARTITIONS_AT_ONCE) {
      const some = partitions.slice(at, at + PARTITIONS_AT_ONCE);
      const statements = some.map(({ name, bound }) => `CREATE TABLE ${quoted(name)} PARTITION OF ${quoted(table)} ${bound}`);
      await this.client.query(statements.join('; '));
    }
  }

  /**
   * Fills a table, in a transaction of its own, with the rows that have not expired by `today`; answers how many. Triggers stay silent, and
   * row-level security, which knows no COPY, is off for its owner meanwhile.
   */
  async fill(table: Pick<LiveTable, 'table' | 'columns' | 'expiresBy'>, today: string | null, source: RowSource): Promise<number> {
    const name = quoted(table.table);
    const alive = table.expiresBy !== null && today !== null ? ` WHERE ${quoted(table.expiresBy)} >= DATE '${today}'` : '';
    return this.unguarded(table.table, async () => {
      await this.client.query(`DELETE FROM ${name}`);
      const into = this.client.query(copyFrom(`COPY ${name} (${quotedList(table.columns)}) FROM STDIN${alive}`));
      await source(into);
      return into.rowCount;
    });
  }

  /**
   * The same for keys, which are from another moment than the rest: a key whose organisation is not there opens nothing and is left out.
   */
  async fillFromElsewhere(table: Pick<LiveTable, 'table' | 'columns'>, source: RowSource): Promise<number> {
    const name = quoted(table.table);
    const references = (await readReferences(this.client)).filter(({ from, to }) => from === table.table && to !== table.table);
    return this.unguarded(table.table, async () => {
      await this.client.query(`CREATE TEMP TABLE restored ON COMMIT DROP AS SELECT ${quotedList(table.columns)} FROM ${name} WITH NO DATA`);
      await source(this.client.query(copyFrom(`COPY restored (${quotedList(table.columns)}) FROM STDIN`)));
      await this.client.query(`DELETE FROM ${name}`);
      const owned = ['true', ...references.map(ownerIsThere)].join(' AND ');
      const { rowCount } = await this.client.query(
        `INSERT INTO ${name} (${quotedList(table.columns)}) SELECT ${quotedList(table.columns)} FROM restored r WHERE ${owned}`,
      );
      return rowCount ?? 0;
    });
  }

  async count(table: string): Promise<number> {
    const { rows } = await this.client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${quoted(table)}`);
    return Number(rows[0]?.rows);
  }

  /** The last step: the database may be started on again, and has to do the erasures since the backup again first. */
  async release(header: BackupHeader, at: Date): Promise<void> {
    await this.unguarded('installation', async () => {
      await this.client.query('UPDATE installation SET restored_backup = $1, restored_at = $2, replay_due = true', [header.id, at]);
      await this.client.query(`DROP SCHEMA ${RESTORE_SCHEMA} CASCADE`);
    });
  }

  private async unguarded<T>(table: string, work: () => Promise<T>): Promise<T> {
    const name = quoted(table);
    const forced = await this.any('SELECT FROM pg_class WHERE oid = $1::regclass AND relforcerowsecurity', [name]);
    await this.client.query('BEGIN');
    try {
      await this.client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
      if (forced) await this.client.query(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
      const result = await work();
      // What foreign keys still have to check would stand in the way of changing the table.
      await this.client.query('SET CONSTRAINTS ALL IMMEDIATE');
      await this.client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
      if (forced) await this.client.query(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Partitions some at a time: dropped with their table they would need all locks at once. */
  private async dropPartitions(): Promise<void> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT quote_ident(child.relname) AS name FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
       WHERE child.relnamespace = 'public'::regnamespace AND child.relkind = 'r' AND child.relispartition`,
    );
    for (let at = 0; at < rows.length; at += PARTITIONS_AT_ONCE) {
      const some = rows.slice(at, at + PARTITIONS_AT_ONCE).map(({ name }) => `public.${name}`);
      await this.client.query(`DROP TABLE ${some.join(', ')}`);
    }
  }

  private isCondemned(): Promise<boolean> {
    return this.any(`SELECT WHERE to_regclass('${RESTORE_SCHEMA}.unfinished') IS NOT NULL`);
  }

  /** Whether any table that is about somebody has a row. What migrations themselves put in is about nobody. */
  private async holdsAnything(): Promise<boolean> {
    const there = new Set((await this.tables()).map(({ table }) => table));
    for (const { table, subject } of declaredTables()) {
      if (subject !== 'none' && there.has(table) && (await this.any(`SELECT FROM ${quoted(table)}`))) return true;
    }
    return false;
  }

  private async applied(): Promise<string[]> {
    if (!(await this.any(`SELECT WHERE to_regclass('public.schema_migration') IS NOT NULL`))) return [];
    const { rows } = await this.client.query<{ name: string }>('SELECT name FROM schema_migration');
    return rows.map(({ name }) => name);
  }

  private async any(sql: string, values: readonly unknown[] = []): Promise<boolean> {
    const { rowCount } = await this.client.query(`${sql} LIMIT 1`, [...values]);
    return rowCount === 1;
  }
}

function ownerIsThere({ to, columns, toColumns }: Reference): string {
  const same = columns.map((column, index) => `o.${quoted(toColumns[index] ?? '')} = r.${quoted(column)}`);
  const absent = columns.map((column) => `r.${quoted(column)} IS NULL`);
  return `(${absent.join(' OR ')} OR EXISTS (SELECT FROM ${quoted(to)} o WHERE ${same.join(' AND ')}))`;
}
