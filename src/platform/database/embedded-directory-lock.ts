import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../kernel/assert.js';
import { errorCode } from '../../kernel/errors.js';
import { databaseErrors } from './database.errors.js';
import { makeDirectory } from './embedded-layout.js';
import { isAlive, processBirth, waitUntil } from './embedded-process.js';

/** A claim on a file, held until released or until this process ends. */
export interface ProcessLock {
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same pid. */
  readonly birth: string;
}

const LOCK_FILE = 'lethe.lock';
const TAKEOVER_STALE_MS = 10_000;

/**
 * Claims the folder for this process, so that two Lethes never share one. The claim of a dead process is taken over.
 * Throws `database/already_running` and names the process that holds it.
 */
export function acquireDirectoryLock(directory: string): ProcessLock {
  return lockDirectory(makeDirectory(directory));
}

/** {@link acquireDirectoryLock} of a folder that is there, and `ENOENT` when it is not. */
export function lockDirectory(directory: string): ProcessLock {
  const path = join(directory, LOCK_FILE);
  if (tryLock(path)) return heldLock(path);
  const pid = lockHolder(path)?.pid;
  throw databaseErrors.already_running({
    message: `Lethe already runs from this folder${pid ? ` (process ${pid})` : ''}: ${directory}. Stop it first, or give this one a folder of its own with LETHE_DATA_DIR.`,
    details: { directory, pid },
  });
}

/** The live process that has claimed the folder with {@link acquireDirectoryLock}, if any. */
export function directoryLockHolder(directory: string): number | undefined {
  return lockHolder(join(directory, LOCK_FILE))?.pid;
}

/** Whether the folder is claimed, by a process that lives or by one that died and could not let go. */
export function hasDirectoryLock(directory: string): boolean {
  return existsSync(join(directory, LOCK_FILE));
}

/** Holds `path` while `work` runs; waits for another process that holds it, at most `waitMs`. */
export async function whileLocked<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  if (!(await waitUntil(() => tryLock(path), waitMs))) {
    throw databaseErrors.embedded_not_started({
      message: `Another process (${lockHolder(path)?.pid ?? 'unknown'}) is still starting the database: ${path}`,
    });
  }
  const lock = heldLock(path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function heldLock(path: string): ProcessLock {
  const release = (): void => {
    process.off('exit', release);
    if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true });
  };
  process.once('exit', release);
  return { release };
}

/** The file appears with its content (a link is atomic), so nobody ever reads half of it. */
function tryLock(path: string): boolean {
  const mine: Holder = { pid: process.pid, birth: present(processBirth(process.pid), 'our own process') };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o644 });
  try {
    if (tryLink(draft, path)) return true;
    if (lockHolder(path)) return false;
    return takeOver(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Two that find the same dead claim must not both remove one: a second file decides who may. */
function takeOver(draft: string, path: string): boolean {
  const guard = `${path}.takeover`;
  const guardAgeMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (guardAgeMs > TAKEOVER_STALE_MS) rmSync(guard, { force: true });
  if (!tryLink(draft, guard)) return false;
  try {
    if (!lockHolder(path)) rmSync(path, { force: true });
    return tryLink(draft, path);
  } finally {
    rmSync(guard, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function lockHolder(path: string): Holder | undefined {
  const holder = readHolder(path);
  if (!holder || !isAlive(holder.pid)) return undefined;
  const birth = processBirth(holder.pid) ?? holder.birth;
  return birth === holder.birth ? holder : undefined;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
