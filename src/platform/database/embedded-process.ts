import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../kernel/errors.js';
import type { Account } from './embedded-account.js';

/** What a finished command left behind. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The environment of every PostgreSQL process: nothing of ours, so neither a secret nor a `PG…` variable of the
 * operator's shell reaches it.
 */
function childEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, LC_ALL: 'C', TZ: 'UTC' };
}

/** Which user a program runs as, and the home folder it is told of. */
export interface Launch {
  readonly account: Account;
  readonly home: string;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end. Resolves whatever the exit code; rejects when the program cannot be started at all. */
export function runCommand(file: string, args: readonly string[], launch: Launch): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      [...args],
      { ...identity(launch.account), cwd: '/', env: childEnvironment(launch.home), signal: launch.signal, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (launch.signal?.aborted) reject(launch.signal.reason as Error);
        else if (error && typeof error.code === 'string') reject(new Error(error.message, { cause: error }));
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

/** Starts a server that outlives us: own session, no terminal, core dumps off (C1: a crash writes no memory to disk). */
export function launchServer(file: string, args: readonly string[], launch: Launch & { logFd: number }): ChildProcess {
  const child = spawn('/bin/sh', ['-c', 'ulimit -c 0; exec "$0" "$@"', file, ...args], {
    ...identity(launch.account),
    cwd: '/',
    env: childEnvironment(launch.home),
    detached: true,
    stdio: ['ignore', launch.logFd, launch.logFd],
  });
  child.unref();
  return child;
}

function identity(account: Account): { uid?: number; gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

/** Whether a process runs. A zombie that nobody has waited for counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return processStat(pid)?.state !== 'Z';
}

/**
 * Text that differs between two processes that got the same pid one after the other, also across a reboot.
 * Undefined when the process is gone.
 */
export function processBirth(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = processStat(pid);
    return stat && `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${stat.startTicks}`;
  }
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } });
  return ps.stdout?.trim() || undefined;
}

/** proc(5): state is field 3, ppid 4, start time 22; the name in field 2 may hold spaces and brackets. */
function processStat(pid: number): { name: string; state: string; parent: number; startTicks: string } | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const nameEnd = text.lastIndexOf(')');
    const [state = '', parent = '0', ...rest] = text.slice(nameEnd + 2).split(' ');
    return { name: text.slice(text.indexOf('(') + 1, nameEnd), state, parent: Number(parent), startTicks: rest[17] ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * Whether `pid` is a PostgreSQL process of this data directory and not a stranger that was given the same number later.
 * Every one of them works inside its data directory; where that cannot be read (not Linux), the program's name decides.
 */
export function isServerOf(pid: number, dataDirectory: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') return workingDirectory(pid) === realpathSync(dataDirectory);
  const ps = spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  return (ps.stdout ?? '').trim().endsWith('postgres');
}

/** Server processes whose postmaster died but that still hold its shared memory. Linux only; elsewhere none are found. */
export function serverProcesses(dataDirectory: string): number[] {
  if (process.platform !== 'linux') return [];
  const home = realpathSync(dataDirectory);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => processStat(pid)?.name === 'postgres' && workingDirectory(pid) === home);
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Sends a signal; a process that is already gone is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Polls until `condition` holds. False when `timeoutMs` passed first. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    signal?.throwIfAborted();
    if (await condition()) return true;
    if (performance.now() > deadline) return false;
    await sleep(pauseMs);
  }
}
