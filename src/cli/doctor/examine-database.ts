import pg from 'pg';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type OpenDatabase } from '../../app/database.js';
import type { Settings } from '../../platform/config/settings.js';
import { hasPendingMigrations } from '../../platform/database/migrations.js';
import { error, type Finding, ok, warn } from './finding.js';

const SKEW_WARN_MS = 2_000;
const SKEW_ERROR_MS = 60_000;

/** What came of opening the database; `database` is there when its schema can be asked. The caller closes it. */
export interface DatabaseExamination {
  readonly findings: readonly Finding[];
  readonly database?: OpenDatabase;
}

/** Reachable, new enough, migrated, in time with this machine, and reached through a login that can do no more than it must (A3). */
export async function examineDatabase(settings: Settings): Promise<DatabaseExamination> {
  if (settings.databaseUrl === undefined && !existsSync(join(settings.dataDirectory, 'database'))) {
    return { findings: [ok('database', 'The built-in PostgreSQL is set up at the first start.')] };
  }
  // Raises when it cannot be reached or is too old, with a sentence that says so.
  const database = await openDatabase(settings, 'borrow');
  try {
    if (await hasPendingMigrations(database.ownerUrl)) {
      await database.close();
      const action =
        settings.migrate === 'auto' ? 'The next start brings it up to date, or run `npx lethe migrate`.' : 'Run `npx lethe migrate`.';
      return { findings: [settings.migrate === 'auto' ? warn('database', OLDER_SCHEMA, action) : error('database', OLDER_SCHEMA, action)] };
    }
    const findings = await withClient(database.url, async (client) => [
      ok(
        'database',
        `${database.embedded ? 'The built-in PostgreSQL' : 'PostgreSQL'} ${await serverVersion(client)} answers, and its schema is this version's.`,
      ),
      ...(await clockFindings(client)),
      ...(database.embedded ? [] : await loginFindings(client, settings.environment === 'production')),
    ]);
    return { findings, database };
  } catch (failure) {
    await database.close();
    throw failure;
  }
}

const OLDER_SCHEMA = 'The schema is older than this version of Lethe.';

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'lethe-doctor', connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function serverVersion(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version.split(' ', 1)[0] ?? '';
}

/** Budgets, expiry and the heartbeat compare this machine's time with what other replicas wrote. */
async function clockFindings(client: pg.Client): Promise<Finding[]> {
  const before = Date.now();
  const { rows } = await client.query<{ ms: string }>('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms');
  const middle = (before + Date.now()) / 2;
  const skewMs = Math.round(Math.abs(Number(rows[0]?.ms) - middle));
  if (skewMs < SKEW_WARN_MS) return [ok('clock', 'This machine and the database agree on the time.')];
  const message = `This machine and the database differ by ${skewMs} ms.`;
  const action = 'Run a time service (NTP) on both.';
  return [skewMs < SKEW_ERROR_MS ? warn('clock', message, action) : error('clock', message, action)];
}

interface LoginFacts {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassrls: boolean;
  readonly owns: boolean;
  readonly missing: string[] | null;
}

const LOGIN_FACTS = `
  SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS bypassrls,
    EXISTS (
      SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND relowner = role.oid
    ) AS owns,
    (SELECT array_agg(needed.rolname::text) FROM pg_roles needed
     WHERE needed.rolname IN ('lethe_app', 'lethe_system', 'lethe_content', 'lethe_queue', 'lethe_backup') AND NOT pg_has_role(role.oid, needed.oid, 'MEMBER')) AS missing
  FROM pg_roles role WHERE rolname = current_user`;

async function loginFindings(client: pg.Client, production: boolean): Promise<Finding[]> {
  const { rows } = await client.query<LoginFacts>(LOGIN_FACTS);
  const [login] = rows;
  if (!login) return [];
  if (login.missing) {
    const action = `As the owner: GRANT ${login.missing.join(', ')} TO ${login.name};`;
    return [error('database login', `The login ${login.name} may not act as ${login.missing.join(' and ')}.`, action)];
  }
  const powers = [
    login.superuser && 'is a superuser',
    login.bypassrls && 'can bypass row-level security',
    login.owns && 'owns the tables',
  ].filter(Boolean);
  if (powers.length === 0) return [ok('database login', `${login.name} owns nothing and is bound by row-level security.`)];
  const message = `The login ${login.name} ${powers.join(' and ')}: a mistake in Lethe could reach every tenant's rows.`;
  if (!production) return [ok('database login', `${login.name} ${powers.join(' and ')}, which only development should allow.`)];
  return [
    warn(
      'database login',
      message,
      'Serve with a login that owns nothing and migrate with DATABASE_OWNER_URL: see deploy/postgres-logins.sh.',
    ),
  ];
}
