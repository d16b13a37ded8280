import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, isOwnedOnlyBy, serverAccount } from './embedded-account.js';
import { sharedHome } from './embedded-binaries.js';
import { databaseErrors } from './database.errors.js';
import { runCommand } from './embedded-process.js';

/** Where everything of one built-in server lies. All paths are real paths. */
export interface Layout {
  /** The folder Lethe was given, such as `.lethe`. Its log, locks and pointer file are here. */
  readonly directory: string;
  /** PostgreSQL's own data directory. */
  readonly data: string;
  /** The server's log. It holds no statement, no parameter and no value (C1). */
  readonly log: string;
  readonly account: Account;
}

/** `postgres.json`: where the data is when it could not be in the folder itself, and for which folder it was put there. */
interface Pointer {
  readonly directory: string;
  readonly home: string;
}

/** The name the server gives its socket in the socket directory. */
export const SOCKET_FILE = '.s.PGSQL.5432';
/** Linux gives a socket address 107 bytes, macOS 103. */
const SOCKET_PATH_MAX_BYTES = 103;

/**
 * Decides where the data lies and makes the folders. It is `<directory>/postgres`, except for root in a folder the
 * server's account cannot reach (a home of mode 0700): then a place of its own that `<directory>/postgres.json` names.
 */
export async function openLayout(requested: string): Promise<Layout> {
  const directory = makeDirectory(requested);
  const inside = join(directory, 'postgres');
  const log = join(directory, 'postgres.log');
  const account = serverAccount(inside);
  if (await canReach(directory, account)) {
    refuseForeignData(inside, account);
    return { directory, data: inside, log, account };
  }
  // Data that is already here never moves silently.
  if (!account.switched || existsSync(inside)) throw unreachable(directory);
  const home = homeElsewhere(directory);
  const data = join(home, 'postgres');
  return { directory, data, log, account: serverAccount(data) };
}

/** Root's folder lets the server's account pass through, not look inside; anybody else's is closed. Gives its real path. */
export function makeDirectory(requested: string): string {
  try {
    if (mkdirSync(requested, { recursive: true })) chmodSync(requested, process.getuid?.() === 0 ? 0o711 : 0o700);
    accessSync(requested, constants.W_OK | constants.X_OK);
    return realpathSync(requested);
  } catch (cause) {
    throw databaseErrors.embedded_not_started({
      message: `The folder ${requested} cannot be made or written: ${(cause as Error).message}`,
      cause,
    });
  }
}

function unreachable(directory: string): Error {
  return databaseErrors.embedded_not_started({
    message: `The user PostgreSQL runs as cannot reach its data in ${directory}: let others pass through the folders above it (chmod o+x), or run Lethe as the user it was first run as.`,
  });
}

function refuseForeignData(data: string, account: Account): void {
  const owner = statSync(data, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === account.uid) return;
  throw databaseErrors.embedded_not_started({
    message: `The database in ${data} belongs to another user (uid ${owner}): run Lethe as that user or as root, or set DATABASE_URL.`,
  });
}

async function canReach(directory: string, account: Account): Promise<boolean> {
  if (!account.switched) {
    try {
      accessSync(directory, constants.X_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }
  try {
    return (await runCommand('/bin/sh', ['-c', 'test -x "$0"', directory], { account, home: '/' })).code === 0;
  } catch (cause) {
    throw databaseErrors.embedded_unsupported({
      message: `PostgreSQL refuses to run as root, and this process may not become another user (uid ${account.uid}): run Lethe as an ordinary user or set DATABASE_URL.`,
      cause,
    });
  }
}

/**
 * The pointer alone leads to the data: a new clone at an old path starts empty, a moved folder keeps its data, and a
 * copied folder does not share its original's.
 */
function homeElsewhere(directory: string): string {
  const path = join(directory, 'postgres.json');
  const pointer = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Pointer) : undefined;
  const isCopy = pointer !== undefined && pointer.directory !== directory && existsSync(join(pointer.directory, 'postgres.json'));
  if (pointer && !isCopy && existsSync(pointer.home)) {
    if (pointer.directory !== directory) writePointer(path, { ...pointer, directory });
    return pointer.home;
  }
  const parent = join(sharedHome(), 'data');
  mkdirSync(parent, { recursive: true });
  if (!isOwnedOnlyBy(0, parent)) throw databaseErrors.embedded_not_started({ message: `${parent} does not belong to root alone.` });
  chmodSync(parent, 0o711);
  const key = `${createHash('sha256').update(directory).digest('hex').slice(0, 12)}-${randomBytes(4).toString('hex')}`;
  const home = join(parent, key);
  mkdirSync(home);
  chmodSync(home, 0o711);
  writePointer(path, { directory, home });
  return home;
}

function writePointer(path: string, pointer: Pointer): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(pointer, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** A directory for the socket that only the server's account can enter, so reaching the socket is the proof of identity. */
export function makeSocketDirectory(layout: Layout): string {
  const beside = join(layout.data, '..', 'run');
  if (fitsSocket(beside)) {
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    if (layout.account.switched) chownSync(beside, layout.account.uid, layout.account.gid);
    if (isOwnedOnlyBy(layout.account.uid, beside)) return beside;
  }
  for (const base of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    try {
      const made = mkdtempSync(join(realpathSync(base), 'lethe-pg-'));
      if (fitsSocket(made)) {
        if (layout.account.switched) chownSync(made, layout.account.uid, layout.account.gid);
        return made;
      }
      rmSync(made, { recursive: true });
    } catch {
      // Absent or not ours to write: the next place is tried.
    }
  }
  throw databaseErrors.embedded_not_started({
    message: 'No folder for the database socket can be made: TMPDIR, /tmp and /var/tmp are all closed to this user.',
  });
}

/** Odd characters are legal in a path but not safely in PostgreSQL's list of socket directories. */
function fitsSocket(directory: string): boolean {
  return /^[\w./+-]+$/.test(directory) && Buffer.byteLength(`${directory}/${SOCKET_FILE}`) <= SOCKET_PATH_MAX_BYTES;
}

/** Removes a socket directory that was made for one run under a temporary folder. */
export function dropSocketDirectory(socketDirectory: string): void {
  if (/\/lethe-pg-\w+$/.test(socketDirectory)) rmSync(socketDirectory, { recursive: true, force: true });
}
