import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationApp } from '../../../../../test/harness/configuration.js';
import { utcDay } from '../../../../kernel/clock.js';
import { LeftoversModule } from '../../leftovers.module.js';
import { RewriteTables } from './rewrite-tables.js';

describe('what a deletion leaves in the files', () => {
  let app: ConfigurationApp;

  beforeAll(async () => {
    app = await ConfigurationApp.start([LeftoversModule]);
  });

  afterAll(() => app.stop());

  const run = (): Promise<{ rewritten: readonly string[]; busy: readonly string[] }> => app.get(RewriteTables).run();

  /** The pages of a table as they are in the server's cache, which is what it writes to its file. */
  async function pages(table: string): Promise<string> {
    await app.owner.query('CHECKPOINT');
    const { rows } = await app.owner.query<{ bytes: Buffer }>('SELECT pg_read_binary_file(pg_relation_filepath($1::regclass)) AS bytes', [
      table,
    ]);
    return rows[0]?.bytes.toString('latin1') ?? '';
  }

  it('D2, D3: a deleted row is in its page until the round, and not afterwards, vacuumed or not; what lives stays', async () => {
    const stays = await app.organisation();
    const gone = await app.organisation();
    await app.owner.query('DELETE FROM organisation WHERE id = $1', [gone]);
    await app.owner.query('VACUUM organisation');
    expect(await pages('organisation')).toContain(`o-${gone}`);
    expect((await run()).rewritten).toContain('organisation');
    const after = await pages('organisation');
    expect(after).not.toContain(`o-${gone}`);
    expect(after).toContain(`o-${stays}`);
  });

  it('a table that somebody uses is left for the next round, within a moment, and nobody waits behind it', async () => {
    await app.project(await app.organisation());
    const client = new pg.Client({ connectionString: app.database.url });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE project IN ACCESS SHARE MODE');
      const began = performance.now();
      expect(await run()).toMatchObject({ busy: ['project'] });
      expect(performance.now() - began).toBeLessThan(15_000);
    } finally {
      await client.end();
    }
    expect((await run()).busy).toEqual([]);
  });

  it('A3: nobody but the system may rewrite a table or end a WAL file', async () => {
    const client = new pg.Client({ connectionString: app.database.url, options: '-c role=lethe_app' });
    await client.connect();
    for (const call of [`rewrite_table('project', 1)`, 'end_wal_file()'])
      await expect(client.query(`SELECT ${call}`)).rejects.toThrow(/permission denied/);
    await client.end();
  });
});

describe('what statistics keep', () => {
  let app: ConfigurationApp;

  beforeAll(async () => {
    app = await ConfigurationApp.start([]);
  });

  afterAll(() => app.stop());

  it('D2: no text, bytes, document or address of any table is sampled, in partitions neither', async () => {
    await app.owner.query(`SELECT create_expiry_partition('call_record', $1)`, [utcDay(Date.now())]);
    const { rows } = await app.owner.query<{ sampled: string }>(
      `SELECT attrelid::regclass || '.' || attname AS sampled
       FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
         AND (typcategory IN ('S', 'I') OR typname IN ('bytea', 'json', 'jsonb', '_text', '_varchar', '_inet', '_cidr'))
         AND coalesce(attstattarget, -1) <> 0`,
    );
    expect(rows).toEqual([]);
  });

  it('D2: ANALYZE leaves nothing of a name behind', async () => {
    for (let count = 0; count < 30; count += 1) await app.organisation();
    await app.owner.query('ANALYZE');
    const { rows } = await app.owner.query<{ table: string }>(
      `SELECT starelid::regclass::text AS table FROM pg_statistic s WHERE s::text LIKE '%Acme%' OR s::text LIKE '%o-0%'`,
    );
    expect(rows).toEqual([]);
  });
});
