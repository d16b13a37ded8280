import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../../kernel/errors.js';
import {
  acquireDirectoryLock,
  hasDirectoryLock,
  lockDirectory,
  type ProcessLock,
} from '../../../platform/database/embedded-directory-lock.js';
import { GONE, holdsEntries, Journal } from './journal.js';

/** A journal and the claim on its folder. */
export interface ClaimedJournal {
  readonly journal: Journal;
  readonly lock: ProcessLock;
}

export interface JournalShelf {
  readonly own: ClaimedJournal;
  /** Journals of processes that are gone, now claimed by this one, to be replayed. */
  readonly orphans: readonly ClaimedJournal[];
}

/**
 * Opens this process's journal in a folder of its own and claims those that dead processes left beside it. Replicas on one machine may
 * share the parent folder; a folder in use by a live one is left alone. Throws when a folder cannot be read: what is in it would be missing from the ledger.
 */
export function openJournalShelf(directory: string, instanceId: string): JournalShelf {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const orphans: ClaimedJournal[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    if (entry.name.endsWith(GONE)) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    const claimed = claimLeft(path);
    if (claimed) orphans.push(claimed);
  }
  const own = join(directory, instanceId);
  return { own: { lock: acquireDirectoryLock(own), journal: new Journal(own) }, orphans };
}

/** Null when its process lives, or another that starts at this moment has claimed the folder or is done with it. */
function claimLeft(directory: string): ClaimedJournal | null {
  try {
    return isLeft(directory) ? { lock: lockDirectory(directory), journal: new Journal(directory) } : null;
  } catch (error) {
    if (errorCode(error) === 'database/already_running' || errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** A folder with neither a claim nor a line was made a moment ago, by a process that is about to claim it. */
function isLeft(directory: string): boolean {
  return hasDirectoryLock(directory) || holdsEntries(directory);
}
