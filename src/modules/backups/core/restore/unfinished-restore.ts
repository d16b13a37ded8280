import pg from 'pg';

/** A schema beside Lethe's own: it is there from the first change a restore makes to the last, and while it is, nothing may start on the database. */
export const RESTORE_SCHEMA = 'lethe_restore';

/** Whether a restore has begun on this database and not come to its end. */
export async function isRestoreUnfinished(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Not `to_regclass`: a login that may not look into the schema has to see it too.
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [RESTORE_SCHEMA]);
    return rowCount === 1;
  } finally {
    await client.end().catch(() => undefined);
  }
}
