import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostmaster } from '../../../platform/database/embedded-cluster.js';
import {
  acquireDirectoryLock,
  directoryLockHolder,
  hasDirectoryLock,
  type ProcessLock,
} from '../../../platform/database/embedded-directory-lock.js';
import { isAlive, isServerOf, sendSignal, serverProcesses } from '../../../platform/database/embedded-process.js';

const PREFIX = 'lethe-canary-';
/** What ends a process and can be answered: Ctrl-C, a polite kill, a terminal that was closed. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A process that ends by a signal says by which. */
const SIGNAL_EXIT = 128;
/** A folder that nobody has claimed for this long was left between its making and its claim. */
const UNCLAIMED_GRACE_MS = 60_000;
const STOP_WAIT_MS = 5_000;
const POLL_MS = 10;

/**
 * The folder of one run, with its servers and everything they write. It goes, and they with it, on every way out of the process: the end of the run,
 * a failure nobody caught, a signal. What a process that was killed outright has left goes when the next run claims a folder.
 */
export class RunFolder {
  private constructor(
    readonly path: string,
    private readonly lock: ProcessLock,
  ) {}

  static claim(): RunFolder {
    const home = runsHome();
    for (const name of readdirSync(home).filter((each) => each.startsWith(PREFIX))) discardIfDead(join(home, name));
    const path = mkdtempSync(join(home, PREFIX));
    // The database server may run under an account of its own, and passes through.
    chmodSync(path, 0o711);
    const folder = new RunFolder(path, acquireDirectoryLock(path));
    process.once('exit', folder.discard);
    for (const signal of ENDINGS) process.on(signal, exitBy);
    return folder;
  }

  /** A folder within, for this account alone. */
  make(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** Nothing in it is worth a clean shutdown. */
  readonly discard = (): void => {
    process.off('exit', this.discard);
    for (const signal of ENDINGS) process.off(signal, exitBy);
    discard(this.path);
    this.lock.release();
  };
}

/** Runs what is to be done at the exit, which is {@link RunFolder.discard}. */
function exitBy(signal: (typeof ENDINGS)[number]): void {
  process.exit(SIGNAL_EXIT + constants.signals[signal]);
}

function discardIfDead(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.uid !== process.getuid?.() || directoryLockHolder(path) !== undefined) return;
  const wasClaimed = hasDirectoryLock(path);
  if (wasClaimed || Date.now() - (stat?.mtimeMs ?? 0) > UNCLAIMED_GRACE_MS) discard(path);
}

function discard(path: string): void {
  stopPostgres(join(path, 'pg', 'postgres'));
  stopRedis(join(path, 'redis'));
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** At once, but by its own hand, which gives its shared memory back. */
function stopPostgres(data: string): void {
  if (!existsSync(data)) return;
  const postmaster = findPostmaster(data);
  if (postmaster) sendSignal(postmaster.pid, 'SIGQUIT');
  waitUntilGone(() => serverProcesses(data).length > 0 || (postmaster !== undefined && isAlive(postmaster.pid)));
  for (const pid of serverProcesses(data)) sendSignal(pid, 'SIGKILL');
}

function stopRedis(folder: string): void {
  const file = join(folder, 'redis.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  // Its folder is where it works, so a stranger that was given the same number later is left alone.
  const runs = (): boolean => pid > 1 && isServerOf(pid, folder);
  if (runs()) sendSignal(pid, 'SIGKILL');
  waitUntilGone(runs);
}

/** An exit waits for nothing that is asynchronous. */
function waitUntilGone(runs: () => boolean): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + STOP_WAIT_MS;
  while (runs() && performance.now() < deadline) Atomics.wait(cell, 0, 0, POLL_MS);
}

/** `/tmp` before `TMPDIR`: sockets need short paths, and root's TMPDIR may be closed to the server's account. */
function runsHome(): string {
  return existsSync('/tmp') ? '/tmp' : tmpdir();
}
