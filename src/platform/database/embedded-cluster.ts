import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { present } from '../../kernel/assert.js';
import type { Binaries } from './embedded-binaries.js';
import { type Layout, SOCKET_FILE } from './embedded-layout.js';
import { databaseErrors } from './database.errors.js';
import { isAlive, isServerOf, launchServer, runCommand, sendSignal, serverProcesses, waitUntil } from './embedded-process.js';

/** The superuser that initdb creates, and the database Lethe keeps its tables in. */
export const OWNER = 'lethe';

/** Server settings by name, as in postgresql.conf. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Durable and quiet. `log_min_messages=log` leaves the text of failed statements' errors out and `terse` their detail,
 * since both quote values; no other setting writes a statement or a parameter (C1).
 */
const DEFAULT_SETTINGS: Settings = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: '200',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
  // An old WAL file is removed, not kept to be written over: a quiet installation might not get to it for months (D2).
  wal_recycle: 'off',
};

/** PostgreSQL's fast shutdown, then its immediate one, then force; each with the time it is given. */
const STOP_STEPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 60_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 5_000],
];
const START_WAIT_MS = 60_000;
const ORPHAN_WAIT_MS = 5_000;
const LOG_LIMIT_BYTES = 1_048_576;

/** A running postmaster as its pid file describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly socketDirectory: string;
  readonly status: string;
}

/**
 * Creates the data directory unless it exists. It is made beside and renamed into place, so one that exists is whole;
 * what a killed attempt left is removed.
 */
export async function ensureCluster(
  layout: Layout,
  binaries: Binaries,
  options: { settings: Settings; signal?: AbortSignal },
): Promise<void> {
  const versionFile = join(layout.data, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim();
    if (found === binaries.majorVersion) return;
    throw databaseErrors.embedded_version({
      message: `The database in ${layout.data} was written by PostgreSQL ${found}, this Lethe brings PostgreSQL ${binaries.majorVersion}: start the Lethe that wrote it, or set DATABASE_URL to a server that has its data.`,
    });
  }
  const home = dirname(layout.data);
  const prefix = `${basename(layout.data)}.unfinished-`;
  for (const entry of readdirSync(home).filter((name) => name.startsWith(prefix)))
    rmSync(join(home, entry), { recursive: true, force: true });
  refuseStrangeFiles(layout.data);
  const unfinished = mkdtempSync(join(home, prefix));
  if (layout.account.switched) chownSync(unfinished, layout.account.uid, layout.account.gid);
  // One sync of the whole file system takes a fraction of the time of a thousand file syncs, where there is such a call.
  const sync = options.settings['fsync'] === 'off' ? '--no-sync' : `--sync-method=${process.platform === 'linux' ? 'syncfs' : 'fsync'}`;
  const { code, stderr, stdout } = await runCommand(
    binaries.initdb,
    [
      '-D',
      unfinished,
      '-U',
      OWNER,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
      sync,
    ],
    { account: layout.account, home: unfinished, signal: options.signal },
  );
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw databaseErrors.embedded_not_started({
      message: `The database files could not be created in ${home}: ${lastLine(stderr || stdout)}`,
    });
  }
  // An empty directory is replaced.
  renameSync(unfinished, layout.data);
}

function refuseStrangeFiles(data: string): void {
  if (!existsSync(data) || readdirSync(data).length === 0) return;
  throw databaseErrors.embedded_not_started({
    message: `${data} holds files but no PostgreSQL database (PG_VERSION is missing): restore it, or move it away to start with an empty one.`,
  });
}

/** The postmaster of this data directory, if one runs. A pid file left by a dead server, or naming a stranger, is no postmaster. */
export function findPostmaster(data: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isServerOf(pid, data)) return undefined;
  return { pid, socketDirectory: lines[4] ?? '', status: (lines[7] ?? '').trim() };
}

/** Starts the server and waits until it takes connections; after a crash that includes its recovery. */
export async function startPostmaster(
  layout: Layout,
  binaries: Binaries,
  options: { socketDirectory: string; settings: Settings; signal?: AbortSignal },
): Promise<Postmaster> {
  await clearRemains(layout, options.socketDirectory);
  const settings = { ...DEFAULT_SETTINGS, ...options.settings, unix_socket_directories: options.socketDirectory };
  const args = ['-D', layout.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  if (existsSync(layout.log) && statSync(layout.log).size > LOG_LIMIT_BYTES) renameSync(layout.log, `${layout.log}.1`);
  const logFd = openSync(layout.log, 'a', 0o600);
  const logStart = statSync(layout.log).size;
  if (layout.account.switched) chownSync(layout.log, layout.account.uid, layout.account.gid);
  const child = launchServer(binaries.postgres, args, { account: layout.account, home: layout.data, logFd });
  closeSync(logFd);
  let refused: Error | undefined;
  child.once('error', (error) => (refused = error));
  const ended = (): boolean => refused !== undefined || child.exitCode !== null || child.signalCode !== null;
  const isReady = (): boolean => findPostmaster(layout.data)?.status === 'ready';
  try {
    await waitUntil(() => ended() || isReady(), START_WAIT_MS, options.signal);
    if (ended() || !isReady()) {
      const reason = refused?.message ?? (serverComplaint(layout.log, logStart) || 'it did not become ready');
      throw databaseErrors.embedded_not_started({ message: `The built-in PostgreSQL did not start: ${reason} (log: ${layout.log})` });
    }
  } catch (error) {
    // It may not have come as far as its data directory, which is how a postmaster is known.
    if (child.pid) await stopProcess(child.pid, () => !ended());
    throw error;
  }
  return present(findPostmaster(layout.data), 'the postmaster that has just become ready');
}

/**
 * Ends what a postmaster killed by force left behind: its children still hold the shared memory, and a pid file may
 * name a process that got its number since. Only called when no postmaster of this directory runs.
 */
async function clearRemains(layout: Layout, socketDirectory: string): Promise<void> {
  for (const pid of serverProcesses(layout.data)) sendSignal(pid, 'SIGQUIT');
  await waitUntil(() => serverProcesses(layout.data).length === 0, ORPHAN_WAIT_MS);
  for (const pid of serverProcesses(layout.data)) sendSignal(pid, 'SIGKILL');
  await waitUntil(() => serverProcesses(layout.data).length === 0, ORPHAN_WAIT_MS);
  const pidFile = join(layout.data, 'postmaster.pid');
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  if (pid > 0 && isAlive(pid)) rmSync(pidFile);
  for (const name of [SOCKET_FILE, `${SOCKET_FILE}.lock`]) rmSync(join(socketDirectory, name), { force: true });
}

/** Stops the server, writing everything out. Only one that does not obey within a minute is stopped as by a crash. */
export function stopPostmaster(data: string, pid: number): Promise<void> {
  return stopProcess(pid, () => isServerOf(pid, data));
}

async function stopProcess(pid: number, isOurs: () => boolean): Promise<void> {
  for (const [signal, waitMs] of STOP_STEPS) {
    if (!isOurs()) return;
    sendSignal(pid, signal);
    if (await waitUntil(() => !isAlive(pid), waitMs)) return;
  }
  throw databaseErrors.embedded_not_stopped({ message: `PostgreSQL (process ${pid}) did not stop, not even when killed.` });
}

/** Keeps the log of a running server within its bound. The server appends, so emptying the file under it is safe. */
export function boundLog(log: string): void {
  try {
    if (statSync(log).size > LOG_LIMIT_BYTES) truncateSync(log);
  } catch {
    // Moved away by the operator: the log is theirs to lose.
  }
}

function serverComplaint(log: string, from: number): string {
  const written = readFileSync(log).subarray(from).toString('utf8');
  const lines = written.split('\n').filter((line) => /\b(FATAL|PANIC|ERROR):|error while loading/.test(line));
  return lastLine(lines.join('\n') || written);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
