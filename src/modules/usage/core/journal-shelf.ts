import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../kernel/errors.js';
import { acquireDirectoryLock, type ProcessLock } from '../../../platform/database/embedded-directory-lock.js';
import { Journal } from './journal.js';

const OWN_ATTEMPTS = 5;

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
    const claimed = tryClaim(join(directory, entry.name));
    if (claimed) orphans.push(claimed);
  }
  return { own: claimOwn(join(directory, instanceId)), orphans };
}

/** A replica that starts beside this one may take a folder that was just made for one left behind, so the next name is tried too. */
function claimOwn(path: string): ClaimedJournal {
  for (let attempt = 1; attempt < OWN_ATTEMPTS; attempt += 1) {
    const claimed = tryClaim(attempt === 1 ? path : `${path}-${attempt}`);
    if (claimed) return claimed;
  }
  return claim(`${path}-${OWN_ATTEMPTS}`);
}

function claim(directory: string): ClaimedJournal {
  return { lock: acquireDirectoryLock(directory), journal: new Journal(directory) };
}

function tryClaim(directory: string): ClaimedJournal | null {
  try {
    return claim(directory);
  } catch (error) {
    if (error instanceof AppError && error.code === 'database/already_running') return null;
    throw error;
  }
}
