import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { errorCode } from '../../kernel/errors.js';

/** Migrations are pairs of SQL files, `<timestamp ms>-<name>.up.sql` and `.down.sql`, read as they stand. */
const MIGRATIONS = new URL('../../../migrations/', import.meta.url);

/** Any number that nobody else locks on: two replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_215_883_001;

type MigrationClass = new () => MigrationInterface;

function readMigrations(): MigrationClass[] {
  const sql = (file: string) => readFileSync(new URL(file, MIGRATIONS), 'utf8');
  return readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith('.up.sql'))
    .sort()
    .map((upFile) => {
      const [, timestamp = '', name = ''] = /^(\d{13})-(.+)\.up\.sql$/.exec(upFile) ?? [];
      const up = sql(upFile);
      const down = sql(upFile.replace('.up.sql', '.down.sql'));
      return class implements MigrationInterface {
        // TypeORM orders migrations by the thirteen digits their name ends with.
        readonly name = `${name}-${timestamp}`;

        async up(runner: QueryRunner): Promise<void> {
          await runner.query(up);
        }

        async down(runner: QueryRunner): Promise<void> {
          await runner.query(down);
        }
      };
    });
}

/**
 * Applies what is missing, each migration in its own transaction, and answers the names of those it applied. With `only`, those and no others: the
 * schema that a backup was taken from.
 */
export async function runMigrations(ownerUrl: string, only?: ReadonlySet<string>): Promise<string[]> {
  return withMigrations(ownerUrl, only, async (source) => {
    const applied = await source.runMigrations({ transaction: 'each' });
    await source.query(ADMIT_BACKUPS);
    return applied.map((migration) => migration.name);
  });
}

/** Every table, also one made a moment ago, can be read by the role that takes backups (D4). */
const ADMIT_BACKUPS = `DO $$ BEGIN IF to_regproc('public.admit_backups') IS NOT NULL THEN CALL public.admit_backups(); END IF; END $$`;

/** The first of these migrations that this version does not know: what has it is of a newer Lethe. Undefined when it knows them all. */
export function firstUnknownMigration(names: readonly string[]): string | undefined {
  const own = new Set(migrationNames());
  return names.find((name) => !own.has(name));
}

/** The names of all migrations of this version, oldest first. */
function migrationNames(): string[] {
  return readMigrations().map(nameOf);
}

function nameOf(Migration: MigrationClass): string {
  return new Migration().name as string;
}

/** Takes every migration back, newest first. It destroys all data. */
export async function revertAllMigrations(ownerUrl: string): Promise<void> {
  await withMigrations(ownerUrl, undefined, async (source) => {
    for (let left = source.migrations.length; left > 0; left -= 1) await source.undoLastMigration({ transaction: 'each' });
  });
}

/** SQLSTATEs of a database nobody has migrated: the table is not there, or not the role, or not the role's right to look. */
const UNMIGRATED = new Set(['42P01', '22023', '42501']);

/**
 * Whether this database lacks a migration of this version: a process must not serve on an older schema. Only reads, as a login that owns
 * nothing may.
 */
export async function hasPendingMigrations(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, application_name: 'lethe-migrate', options: '-c role=lethe_system' });
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migration');
    const applied = new Set(rows.map((row) => row.name));
    return migrationNames().some((name) => !applied.has(name));
  } catch (error) {
    if (UNMIGRATED.has(errorCode(error) ?? '')) return true;
    throw error;
  } finally {
    await client.end();
  }
}

async function withMigrations<T>(
  ownerUrl: string,
  only: ReadonlySet<string> | undefined,
  work: (source: DataSource) => Promise<T>,
): Promise<T> {
  const lock = new pg.Client({ connectionString: ownerUrl, application_name: 'lethe-migrate' });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const source = new DataSource({
      type: 'postgres',
      url: ownerUrl,
      migrations: readMigrations().filter((Migration) => only?.has(nameOf(Migration)) ?? true),
      migrationsTableName: 'schema_migration',
      applicationName: 'lethe-migrate',
    });
    await source.initialize();
    try {
      return await work(source);
    } finally {
      await source.destroy();
    }
  } finally {
    await lock.end();
  }
}
