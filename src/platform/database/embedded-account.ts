import { execFileSync } from 'node:child_process';
import { lstatSync, statSync } from 'node:fs';
import { databaseErrors } from './database.errors.js';

/** The operating-system user PostgreSQL runs as. `switched`: not ours, so files are handed over and programs started as it. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly switched: boolean;
}

/**
 * Ourselves, or, since PostgreSQL refuses to run as root, for root: the owner of the data already there, else the
 * user `postgres`, else `nobody`.
 */
export function serverAccount(dataDirectory?: string): Account {
  if (process.platform === 'win32') {
    throw databaseErrors.embedded_unsupported({ message: 'The built-in PostgreSQL does not run on Windows: set DATABASE_URL.' });
  }
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0, switched: false };
  const owner = dataDirectory ? statSync(dataDirectory, { throwIfNoEntry: false }) : undefined;
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, switched: true };
  for (const name of ['postgres', 'nobody']) {
    const account = lookUp(name);
    if (account) return account;
  }
  throw databaseErrors.embedded_unsupported({
    message:
      'PostgreSQL refuses to run as root, and neither a user "postgres" nor "nobody" exists: run Lethe as an ordinary user or set DATABASE_URL.',
  });
}

function lookUp(name: string): Account | undefined {
  const id = (flag: '-u' | '-g'): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    const account = { uid: id('-u'), gid: id('-g'), switched: true };
    return account.uid > 0 ? account : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a directory is really one (no link), belongs to `uid`, and nobody else can write to it: nothing was planted in it. */
export function isOwnedOnlyBy(uid: number, directory: string): boolean {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0;
}
