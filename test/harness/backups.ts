// Backups of a running application, and databases to restore them into.
import pg from 'pg';
import type { Lethe } from '../../src/app/lethe.js';
import { Clock } from '../../src/kernel/clock.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import { TakeBackup, type TakenBackup } from '../../src/modules/backups/core/take-backup.js';

export const BACKUP_ACTOR = { kind: 'system', id: 'test' } as const;

export function takeBackup(lethe: Lethe, kind: 'data' | 'keys' = 'data'): Promise<TakenBackup> {
  return lethe.get(TakeBackup).run(kind, BACKUP_ACTOR);
}

export function restoring(lethe: Lethe, clock = lethe.get(Clock)): RestoreBackup {
  return new RestoreBackup(lethe.get(BackupArchive), lethe.get(ErasureCopies), clock);
}

export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Table → a digest of all its rows, whatever their order. */
export function rowsOf(url: string): Promise<Record<string, string>> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'schema_migration' ORDER BY 1`,
    );
    const digests: Record<string, string> = {};
    for (const { name } of rows) {
      const found = await client.query<{ digest: string }>(
        `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest FROM "${name}" t`,
      );
      digests[name] = found.rows[0]?.digest ?? '';
    }
    return digests;
  });
}

/** What stands around the rows: columns, policies, triggers, constraints, rights. */
export function schemaOf(url: string): Promise<string[]> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(
      `SELECT format('column %s.%s %s %s', table_name, column_name, data_type, column_default) AS line
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ '_p[0-9]{8}$'
       UNION ALL SELECT format('policy %s %s %s %s', tablename, policyname, roles, qual) FROM pg_policies
       UNION ALL SELECT format('guard %s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       UNION ALL SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
         WHERE NOT tgisinternal AND tgrelid::regclass::text !~ '_p[0-9]{8}$'
       UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND conrelid::regclass::text !~ '_p[0-9]{8}$'
       UNION ALL SELECT format('right %s %s %s', table_name, grantee, privilege_type) FROM information_schema.role_table_grants
         WHERE table_schema = 'public' AND table_name !~ '_p[0-9]{8}$' AND grantee LIKE 'lethe_%'
       ORDER BY 1`,
    );
    return rows.map(({ line }) => line);
  });
}
