import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { kmsOptions } from '../../app/key-management.js';
import type { Settings } from '../../platform/config/settings.js';
import { directoryLockHolder } from '../../platform/database/embedded-directory-lock.js';
import { createKeyManagementService } from '../../platform/kms/kms-factory.js';
import { error, type Finding, ok, warn } from './finding.js';

const KMS_MS = 10_000;
const HEALTH_MS = 2_000;
const OTHERS_MAY_WRITE = 0o002;

/** Whether the data folder can hold what this process keeps on disk. Looks only: makes nothing. */
export async function examineDataFolder({ dataDirectory }: Settings): Promise<Finding[]> {
  const folder = resolve(dataDirectory);
  const there = existsSync(folder);
  try {
    accessSync(there ? folder : nearestParent(folder), constants.W_OK | constants.X_OK);
  } catch {
    return [
      error('data folder', `${folder} cannot be written by this user.`, 'Give it to this user, or name another with LETHE_DATA_DIR.'),
    ];
  }
  if (!there) return [ok('data folder', `${folder} is made at the first start.`)];
  if ((statSync(folder).mode & OTHERS_MAY_WRITE) !== 0) {
    return [warn('data folder', `Everybody on this machine may write to ${folder}.`, `chmod o-w ${folder}`)];
  }
  return [ok('data folder', `${folder} can be written.`)];
}

function nearestParent(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : nearestParent(parent);
}

/** A round trip to the keeper of the root key, which also proves that it binds a key to its context (K1). */
export async function examineKeyManagement(settings: Settings): Promise<Finding[]> {
  const options = kmsOptions(settings);
  if (options.kind === 'local' && awaitsRootKey(settings)) {
    return [ok('root key', `${options.path} is made when the first credential is stored.`)];
  }
  const kms = createKeyManagementService(options.kind === 'local' ? { ...options, allowGenerate: false } : options);
  try {
    await kms.check(AbortSignal.timeout(KMS_MS));
    const current = await kms.currentKeyId(AbortSignal.timeout(KMS_MS));
    if (options.kind === 'local' && settings.environment === 'production') {
      const message = `The root key is a file (${options.path}): whoever reads it and the database reads every provider credential.`;
      return [warn('root key', message, 'Keep it in AWS KMS, Vault or a PKCS#11 token: see docs/key-management.md.')];
    }
    return [ok('root key', `${current} wraps and opens keys.`)];
  } finally {
    await kms.dispose();
  }
}

/** Whether a root key would be made up at its first use. Harmless in an empty installation; in any other the old one is lost. */
export function awaitsRootKey(settings: Settings): boolean {
  const options = kmsOptions(settings);
  return options.kind === 'local' && options.allowGenerate && !existsSync(options.path);
}

/** Ledger records that wait on disk: PostgreSQL was away, or refused them. */
export async function examineJournal({ dataDirectory }: Settings): Promise<Finding[]> {
  const shelf = join(dataDirectory, 'journal');
  if (!existsSync(shelf)) return [ok('journal', 'No ledger record waits on disk.')];
  const findings = readdirSync(shelf, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => journalFindings(join(shelf, entry.name)));
  return findings.length > 0 ? findings : [ok('journal', 'No ledger record waits on disk.')];
}

function journalFindings(folder: string): Finding[] {
  const files = readdirSync(folder).map((name) => ({ name, bytes: statSync(join(folder, name)).size }));
  const bytesOf = (pattern: RegExp): number => files.filter(({ name }) => pattern.test(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const waiting = bytesOf(/^\d{10}\.jsonl$/);
  const rejected = bytesOf(/^rejected-.*\.jsonl$/);
  const holder = directoryLockHolder(folder);
  const findings: Finding[] = [];
  if (waiting > 0) {
    const message = `${waiting} bytes of ledger records wait in ${folder} for PostgreSQL.`;
    const action =
      holder === undefined
        ? 'The next gateway that starts with this data folder replays them.'
        : `Process ${holder} replays them as soon as PostgreSQL is back.`;
    findings.push(warn('journal', message, action));
  }
  if (rejected > 0) {
    const path = join(folder, 'rejected-*.jsonl');
    findings.push(
      error(
        'journal',
        `PostgreSQL refused ledger records; they are in ${path}.`,
        'They are calls that were made and are in the ledger without their figures: report them, and copy what you need before the day in the name is over.',
      ),
    );
  }
  return findings;
}

/** Whether the port is free, or Lethe itself has it. */
export async function examinePort({ host, port, dataDirectory }: Settings): Promise<Finding[]> {
  if (port === 0) return [ok('port', 'A free one is picked at the start.')];
  const holder = directoryLockHolder(dataDirectory);
  if (holder !== undefined) return [ok('port', `Lethe runs from this folder (process ${holder}).`)];
  const trouble = await listenOnce(host, port);
  if (trouble === undefined) return [ok('port', `${host}:${port} is free.`)];
  if (trouble !== 'EADDRINUSE')
    return [error('port', `This machine cannot listen on ${host}:${port} (${trouble}).`, 'Set LETHE_HOST and LETHE_PORT.')];
  if (await answersAsLethe(host, port)) return [ok('port', `A Lethe answers on ${host}:${port}.`)];
  return [error('port', `Port ${port} on ${host} is taken by another program.`, 'Stop what listens there, or set LETHE_PORT to another.')];
}

/** Undefined, or the code of the error. */
function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (failure: NodeJS.ErrnoException) => resolve(failure.code ?? failure.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function answersAsLethe(host: string, port: number): Promise<boolean> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${reachable}:${port}/health/live`, { signal: AbortSignal.timeout(HEALTH_MS) });
    return answer.ok && answer.headers.has('x-request-id');
  } catch {
    return false;
  }
}
