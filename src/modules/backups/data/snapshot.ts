import type { Readable } from 'node:stream';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { present } from '../../../kernel/assert.js';
import { errorCode } from '../../../kernel/errors.js';
import { backupsErrors } from '../backups.errors.js';
import { type LiveTable, quoted, quotedList, readTables } from './live-schema.js';

/** Any number that nobody else locks on: one backup of a database at a time. */
const BACKUP_LOCK = 7_215_883_005;
const CONNECT_MS = 10_000;
/** SQLSTATEs of a login that may not take the role, or a database that does not know it. */
const NOT_ADMITTED = new Set(['42501', '22023', '42704']);

/** How text is written, whatever the server's settings: what is copied out is copied in elsewhere. */
export const COPY_SESSION = '-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c bytea_output=hex -c extra_float_digits=1';

/**
 * One view of the whole database, as of the moment it was opened, until it is closed. One session holds it; another reads, a transaction a table, so
 * that locks on partitions and their indexes, of which a server has only so many, are let go of after each.
 */
export class Snapshot {
  private constructor(
    private readonly holder: pg.Client,
    private readonly reader: pg.Client,
    private readonly name: string,
    /** Every table, whether or not it is copied; and the migrations that made them. */
    readonly schema: { readonly tables: readonly LiveTable[]; readonly migrations: readonly string[] },
  ) {}

  /**
   * Locks out other backups and runs `before`, then opens the view. Raises `backups/already_running`, `backups/not_admitted`, and
   * `backups/table_missed` when a table could not be copied whole.
   */
  static async open(url: string, before: () => Promise<void>): Promise<Snapshot> {
    const [holder, reader] = [session(url), session(url)];
    try {
      await holder.connect();
      const { rows } = await holder.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [BACKUP_LOCK]);
      if (rows[0]?.free !== true) throw backupsErrors.already_running();
      await before();
      const names = (await readTables(holder)).map(({ table }) => table);
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // A partition that is dropped, or emptied into another table, on the way would be in neither of the two copies: dropping one locks its table.
      await holder.query(`LOCK TABLE ${names.map((name) => `ONLY ${quoted(name)}`).join(', ')} IN ACCESS SHARE MODE`);
      const tables = await readTables(holder);
      if (tables.some(({ admitted }) => !admitted)) throw backupsErrors.table_missed();
      const applied = await holder.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY timestamp');
      const exported = await holder.query<{ name: string }>('SELECT pg_export_snapshot() AS name');
      await reader.connect();
      const migrations = applied.rows.map(({ name }) => name);
      return new Snapshot(holder, reader, present(exported.rows[0], 'a snapshot').name, { tables, migrations });
    } catch (error) {
      await Promise.all([holder, reader].map((client) => client.end().catch(() => undefined)));
      throw NOT_ADMITTED.has(errorCode(error) ?? '') ? backupsErrors.not_admitted({ cause: error }) : error;
    }
  }

  /** Hands the rows of a table, in COPY's text format, to `write`, which reads them to their end, and answers how many. Not called when there are none. */
  async read({ table, columns }: LiveTable, write: (rows: Readable) => Promise<void>): Promise<number> {
    await this.reader.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${this.name}'`);
    const { rows } = await this.reader.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${quoted(table)}) AS some`);
    let count = 0;
    if (rows[0]?.some === true) {
      // The query form reads a partitioned table whole; the plain form refuses it.
      const copy = this.reader.query(copyTo(`COPY (SELECT ${quotedList(columns)} FROM ${quoted(table)}) TO STDOUT`));
      await write(copy);
      count = copy.rowCount;
    }
    await this.reader.query('COMMIT');
    return count;
  }

  async close(): Promise<void> {
    await Promise.all([this.holder, this.reader].map((client) => client.end().catch(() => undefined)));
  }
}

function session(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lethe-backup',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    options: `-c role=lethe_backup -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 ${COPY_SESSION}`,
  });
  client.on('error', () => undefined);
  return client;
}
