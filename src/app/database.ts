import pg from 'pg';
import { join } from 'node:path';
import { errorCatalogue, errorCode } from '../kernel/errors.js';
import type { Settings } from '../platform/config/settings.js';
import { EmbeddedPostgres } from '../platform/database/embedded-postgres.js';
import { isRestoreUnfinished } from '../modules/backups/core/restore/unfinished-restore.js';
import { hasPendingMigrations, runMigrations } from '../platform/database/migrations.js';
import { migrateQueueSchema } from '../platform/queue/queue-schema.js';

export const QUEUE_ROLE = 'lethe_queue';

/** The oldest PostgreSQL whose SQL the migrations use (`UNIQUE NULLS NOT DISTINCT`). */
const OLDEST_MAJOR = 15;

export const startErrors = errorCatalogue('start', {
  database_unreachable: { status: 500, message: 'The database cannot be reached. Check DATABASE_URL and that PostgreSQL runs.' },
  database_too_old: { status: 500, message: `PostgreSQL ${OLDEST_MAJOR} or newer is needed.` },
  migrations_pending: { status: 500, message: 'The database has an older schema. Run `npx lethe migrate`, or set LETHE_MIGRATE=auto.' },
  restore_unfinished: {
    status: 500,
    message: 'A restore of this database was interrupted, so it is not usable. Run `npx lethe restore` again; it begins anew.',
  },
  port_taken: { status: 500, message: 'The port is taken. Stop what listens there, or set LETHE_PORT to another.' },
  admin_address_not_usable: {
    status: 500,
    message: 'LETHE_ADMIN_LISTEN names an address this machine cannot listen on, or one that is taken.',
  },
  address_not_usable: { status: 500, message: 'LETHE_HOST and LETHE_PORT name an address this machine cannot listen on.' },
});

/** The database of this process, embedded or the operator's. */
export interface OpenDatabase {
  /** For the application's own statements. */
  readonly url: string;
  /** For migrations and the queue's schema. */
  readonly ownerUrl: string;
  readonly embedded: boolean;
  /** The file that the embedded server writes its log to; the operator's own has one elsewhere. */
  readonly log?: string;
  /** Stops the embedded server if this process owns it. */
  close(): Promise<void>;
}

/**
 * Opens `DATABASE_URL`, or starts the embedded server. `mode: 'borrow'` is for command-line tools: they use the embedded server of a
 * running Lethe, or one of their own for as long as they need it. Raises `start/database_unreachable`.
 */
export async function openDatabase(settings: Settings, mode: 'own' | 'borrow' = 'own'): Promise<OpenDatabase> {
  if (settings.databaseUrl !== undefined) {
    const ownerUrl = settings.databaseOwnerUrl ?? settings.databaseUrl;
    await checkServer(ownerUrl);
    if (ownerUrl !== settings.databaseUrl) await checkServer(settings.databaseUrl);
    return { url: settings.databaseUrl, ownerUrl, embedded: false, close: () => Promise.resolve() };
  }
  const directory = join(settings.dataDirectory, 'database');
  const server =
    mode === 'own' ? await EmbeddedPostgres.start({ directory, restartOnCrash: true }) : await EmbeddedPostgres.borrow({ directory });
  return { url: server.url(), ownerUrl: server.url(), embedded: true, log: server.log, close: () => server.stop() };
}

/** Brings the schema up to this version, or makes sure that it is when `LETHE_MIGRATE=never`. Answers the migrations it applied. */
export async function migrate(settings: Settings, database: OpenDatabase): Promise<string[]> {
  if (await isRestoreUnfinished(database.ownerUrl)) throw startErrors.restore_unfinished();
  if (settings.migrate === 'never') {
    if (await hasPendingMigrations(database.ownerUrl)) throw startErrors.migrations_pending();
    return [];
  }
  return migrateNow(database);
}

export async function migrateNow(database: OpenDatabase): Promise<string[]> {
  const applied = await runMigrations(database.ownerUrl);
  await migrateQueueSchema(database.ownerUrl, QUEUE_ROLE);
  return applied;
}

async function checkServer(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(`SELECT current_setting('server_version_num')::int / 10000 AS version`);
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_MAJOR) throw startErrors.database_too_old({ details: { version } });
  } catch (error) {
    // The driver's own message may name the login; its code is enough to act on.
    const code = errorCode(error) ?? 'no answer';
    if (error instanceof Error && error.name === 'AppError') throw error;
    throw startErrors.database_unreachable({
      message: `The database cannot be reached (${code}). Check DATABASE_URL and that PostgreSQL runs.`,
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
