import pg from 'pg';
import { type CopyToStreamQuery, to as copyTo } from 'pg-copy-streams';
import { backupsErrors } from '../backups.errors.js';
import { type LiveTable, quoted, quotedList, readTables } from './live-schema.js';

/** Any number that nobody else locks on: one backup of a database at a time. */
const BACKUP_LOCK = 7_215_883_005;
const CONNECT_MS = 10_000;
/** SQLSTATEs of a login that may not take the role, or a database that does not know it. */
const NOT_ADMITTED = new Set(['42501', '22023', '42704']);

/** How text is written, whatever the server's settings: what is copied out is copied in elsewhere. */
export const COPY_SESSION = '-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c bytea_output=hex -c extra_float_digits=1';

/** One view of the whole database, as of the moment it was opened, until it is closed. */
export class Snapshot {
  private constructor(
    private readonly client: pg.Client,
    /** Every table, whether or not it is copied. */
    readonly tables: readonly LiveTable[],
    readonly migrations: readonly string[],
  ) {}

  /**
   * Locks out other backups and runs `before`, then opens the view. Raises `backups/already_running`, `backups/not_admitted`, and
   * `backups/table_missed` when a table could not be copied whole.
   */
  static async open(url: string, before: () => Promise<void>): Promise<Snapshot> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'lethe-backup',
      connectionTimeoutMillis: CONNECT_MS,
      options: `-c role=lethe_backup -c statement_timeout=0 ${COPY_SESSION}`,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [BACKUP_LOCK]);
      if (rows[0]?.free !== true) throw backupsErrors.already_running();
      await before();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const tables = await readTables(client);
      if (tables.some(({ admitted }) => !admitted)) throw backupsErrors.table_missed();
      // A partition that is dropped, or emptied into another table, on the way would be in neither of the two copies.
      await client.query(`LOCK TABLE ${quotedList(tables.map(({ table }) => table))} IN ACCESS SHARE MODE`);
      const applied = await client.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY timestamp');
      return new Snapshot(
        client,
        tables,
        applied.rows.map(({ name }) => name),
      );
    } catch (error) {
      await client.end().catch(() => undefined);
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      throw NOT_ADMITTED.has(code) ? backupsErrors.not_admitted({ cause: error }) : error;
    }
  }

  async isEmpty({ table }: LiveTable): Promise<boolean> {
    const { rows } = await this.client.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${quoted(table)}) AS some`);
    return rows[0]?.some !== true;
  }

  /** The rows of a table in COPY's text format. One at a time, each read to its end; `rowCount` is right afterwards. */
  copy({ table, columns }: LiveTable): CopyToStreamQuery {
    // The query form reads a partitioned table whole; the plain form refuses it.
    return this.client.query(copyTo(`COPY (SELECT ${quotedList(columns)} FROM ${quoted(table)}) TO STDOUT`));
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
