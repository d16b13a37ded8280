import pg from 'pg';
import { backupsErrors } from '../../backups.errors.js';
import { quoted } from '../../data/live-schema.js';

const CONNECT_MS = 10_000;
/** Any number that nobody else locks on: one test restore at a time, which is how one that was killed is told from one that runs. */
const DRILL_LOCK = 7_215_883_006;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Runs `work` on an empty database beside the one of `ownerUrl`, which nobody else may connect to, and drops it, with what a drill that was killed has
 * left. Its rows go through that server's write-ahead log. Raises `backups/drill_running`, and `backups/no_scratch` when the login may make none.
 */
export async function onScratchDatabase<T>(ownerUrl: string, work: (url: string) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'lethe-drill',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    options: '-c statement_timeout=0 -c idle_session_timeout=0',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ free: boolean; own: string }>(
      'SELECT pg_try_advisory_lock($1) AS free, oid::text AS own FROM pg_database WHERE datname = current_database()',
      [DRILL_LOCK],
    );
    if (rows[0]?.free !== true) throw backupsErrors.drill_running();
    const name = `lethe_drill_${rows[0].own}`;
    const drop = `DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`;
    await client.query(drop);
    try {
      await make(client, name);
      return await work(urlOfDatabase(ownerUrl, name));
    } finally {
      await client.query(drop);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function make(client: pg.Client, name: string): Promise<void> {
  try {
    await client.query(`CREATE DATABASE ${quoted(name)} TEMPLATE template0`);
  } catch (cause) {
    if ((cause as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw cause;
    const message =
      'The login of DATABASE_OWNER_URL may not create the database of a test restore. Run ALTER ROLE <the login> CREATEDB, or name an empty database with --into.';
    throw backupsErrors.no_scratch({ message, cause });
  }
  await client.query(`REVOKE ALL ON DATABASE ${quoted(name)} FROM PUBLIC`);
}

/** The same server, login and parameters. */
function urlOfDatabase(url: string, name: string): string {
  return url.replace(/^(postgres(?:ql)?:\/\/[^/?]*)(?:\/[^?]*)?/, (_, server: string) => `${server}/${encodeURIComponent(name)}`);
}
