import type { Pool } from 'pg';
import type { Piece, Store } from './store.js';

const ROWS_AT_ONCE = 500;

/**
 * Every row of every table, the queue's and the samples in the statistics among them, as the database's owner reads them: values that lie compressed
 * or in TOAST come out whole. What a dump of the database would hold.
 */
export function tableStore(owner: Pool): Store {
  return { name: 'tables, read as rows', group: 'database', outlivesDays: 0, pieces: () => rowsOf(owner) };
}

async function* rowsOf(owner: Pool): AsyncIterable<Piece> {
  const client = await owner.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'm') AND pg_relation_size(c.oid) > 0 AND n.nspname !~ '^pg_toast'
         AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR c.relname ~ '^pg_statistic') ORDER BY 1`,
    );
    for (const { name } of tables) {
      await client.query(`DECLARE reading NO SCROLL CURSOR FOR SELECT t::text AS row FROM ONLY ${name} t`);
      for (;;) {
        const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM reading`);
        if (rows.length === 0) break;
        yield { location: name, source: { bytes: Buffer.from(rows.map(({ row }) => row).join('\n')) } };
      }
      await client.query('CLOSE reading');
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}
