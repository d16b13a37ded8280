import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { inject } from 'vitest';
import { acquireDirectoryLock, directoryLockHolder, hasDirectoryLock } from '../../src/platform/database/embedded-directory-lock.js';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.js';
import { sendSignal, serverProcesses, waitUntil } from '../../src/platform/database/embedded-process.js';
import { runMigrations } from '../../src/platform/database/migrations.js';

/** A database of a test's own, with every migration applied. `url` is the superuser's. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** A server of a test's own, for tests that stop it, kill it or freeze it. Its data outlives `stop()` and `kill()`. */
export interface OwnPostgres {
  readonly directory: string;
  url(database?: string, user?: string): string;
  /** The postmaster's process id, or the last one's while stopped. */
  pid(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Kills every process of the server at once, as a crash of the machine would. */
  kill(): Promise<void>;
  /** Freezes every process of the server: connections stay open and get no answer. */
  pause(): void;
  resume(): void;
  /** Stops the server and removes its data. */
  destroy(): Promise<void>;
}

const PREFIX = 'lethe-test-';

/** Younger folders may be about to be claimed by a run that has just begun. */
const UNCLAIMED_GRACE_MS = 60_000;

/** How often, and how long each time, a database that is dropped waits for connections to it. */
const CLOSING_WAITS = 50;
const CLOSING_WAIT_MS = 20;

/** Nothing in a test database is worth an fsync. */
const THROW_AWAY = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum_naptime: '1h',
  max_wal_size: '4GB',
  max_connections: '300',
};

/** A fresh database, copied from the run's migrated template. Cheap: tens of milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('databaseServerUrl');
  const template = templateName(inject('databaseRunId'));
  const name = `lethe_test_${randomBytes(6).toString('hex')}`;
  await copyTemplate(server, template, name);
  return {
    url: databaseUrl(server, name),
    name,
    drop: () => withClient(server, (client) => dropDatabase(client, name)),
  };
}

/** Makes a database from a migrated template, and that before where it is not there yet. */
export function copyTemplate(server: string, template: string, name: string): Promise<void> {
  return withClient(server, async (client) => {
    await ensureTemplate(client, server, template);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
}

/**
 * The driver's pools say they have ended while their connections still close; a server that cuts one then raises an error nobody listens
 * for. So connections get a moment to go by themselves.
 */
async function dropDatabase(client: Client, name: string): Promise<void> {
  const isUsed = async () => Boolean((await client.query('SELECT FROM pg_stat_activity WHERE datname = $1', [name])).rowCount);
  for (let waits = 0; waits < CLOSING_WAITS && (await isUsed()); waits += 1) await sleep(CLOSING_WAIT_MS);
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Test workers run side by side: an advisory lock lets the first build the template and the others wait for it. */
async function ensureTemplate(client: Client, server: string, template: string): Promise<void> {
  if (await isFinished(client, template)) return;
  await client.query("SELECT pg_advisory_lock(hashtext('lethe test template'))");
  try {
    if (await isFinished(client, template)) return;
    await client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${template}`);
    await runMigrations(databaseUrl(server, template));
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [template]);
    await client.query(`ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await client.query("SELECT pg_advisory_unlock(hashtext('lethe test template'))");
  }
}

async function isFinished(client: Client, template: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [template]);
  return Boolean(rowCount);
}

/** Removes the run's template from a server that outlives the run. */
export async function dropTemplate(server: string, runId: string): Promise<void> {
  const template = templateName(runId);
  await withClient(server, async (client) => {
    await client.query('UPDATE pg_database SET datistemplate = false WHERE datname = $1', [template]);
    await client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  });
}

function templateName(runId: string): string {
  return `lethe_template_${runId}`;
}

function databaseUrl(server: string, name: string): string {
  return server.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Starts a server of this test's own. Costs about a second; `settings` come on top of the throw-away ones. */
export async function startOwnPostgres(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
  const run = claimRunDirectory();
  const directory = join(run, 'pg');
  const start = (): Promise<EmbeddedPostgres> => EmbeddedPostgres.start({ directory, settings: { ...THROW_AWAY, ...settings } });
  let server = await start();
  const own: OwnPostgres = {
    directory,
    url: (database, user) => server.url(database, user),
    pid: () => server.pid,
    start: async () => {
      server = await start();
    },
    stop: () => server.stop(),
    kill: async () => {
      signalServer(directory, 'SIGKILL');
      await waitUntil(() => serversIn(directory).length === 0, 5_000);
    },
    pause: () => signalServer(directory, 'SIGSTOP'),
    resume: () => signalServer(directory, 'SIGCONT'),
    destroy: async () => discardRun(run),
  };
  return own;
}

/** The server of a whole test run: `destroy()` removes it and whatever its workers left. */
export async function startThrowAwayServer(): Promise<{ url(database: string): string; destroy(): Promise<void> }> {
  const run = claimRunDirectory();
  const server = await EmbeddedPostgres.start({ directory: join(run, 'pg'), settings: THROW_AWAY });
  return {
    url: (database) => server.url(database),
    destroy: async () => {
      discardRun(run);
      sweepDeadRuns();
    },
  };
}

/** Removes servers and files of test runs that died without cleaning up. Runs that are alive hold a lock. */
export function sweepDeadRuns(): void {
  for (const entry of readdirSync(runsHome()).filter((name) => name.startsWith(PREFIX))) {
    const run = join(runsHome(), entry);
    const stat = statSync(run, { throwIfNoEntry: false });
    if (stat?.uid !== process.getuid?.() || directoryLockHolder(run) !== undefined) continue;
    const wasClaimed = hasDirectoryLock(run);
    if (wasClaimed || Date.now() - (stat?.mtimeMs ?? 0) > UNCLAIMED_GRACE_MS) discardRun(run);
  }
}

/** A folder with a short path that the server's account can enter, removed at exit with the server in it. */
function claimRunDirectory(): string {
  const run = mkdtempSync(join(runsHome(), PREFIX));
  chmodSync(run, 0o711);
  acquireDirectoryLock(run);
  process.once('exit', () => discardRun(run));
  return run;
}

/** `/tmp` before `TMPDIR`: sockets need short paths, and root's TMPDIR may be closed to the server's account. */
function runsHome(): string {
  return existsSync('/tmp') ? '/tmp' : tmpdir();
}

/** Nothing in it is worth a clean shutdown. */
function discardRun(run: string): void {
  signalServer(join(run, 'pg'), 'SIGKILL');
  rmSync(run, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function signalServer(directory: string, signal: NodeJS.Signals): void {
  for (const pid of serversIn(directory)) sendSignal(pid, signal);
}

function serversIn(directory: string): number[] {
  const data = join(directory, 'postgres');
  return existsSync(data) ? serverProcesses(data) : [];
}
