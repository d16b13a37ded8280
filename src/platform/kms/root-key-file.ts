import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, rm, stat } from 'node:fs/promises';
import { AppError, failureName } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { createWholeFile, replaceWholeFile } from '../files/whole-file.js';
import { kmsCause, kmsErrors } from './kms.errors.js';

const FORMAT = 'lethe-root-key/1';
const ROOT_KEY_BYTES = 32;
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/;
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
const OTHERS_MAY_READ_OR_WRITE = 0o077;
const MAX_FILE_BYTES = 64 * 1024;

/** The root keys of a file. The current one wraps; the older ones only open what they wrapped. */
export interface RootKeys {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/**
 * Reads a root key file, or answers `null` when there is none. `kms/misconfigured` when others may read it or it is no root
 * key file; `kms/unavailable` when it cannot be read at all (a volume that is gone for a moment).
 */
export async function readRootKeyFile(path: string): Promise<RootKeys | null> {
  const file = await openToRead(path);
  if (!file) return null;
  try {
    const facts = await file.stat({ bigint: true });
    if (process.platform !== 'win32' && (Number(facts.mode) & OTHERS_MAY_READ_OR_WRITE) !== 0) {
      throw kmsErrors.misconfigured({ message: `Others may read the root key file ${path}. Run: chmod 600 ${path}` });
    }
    if (!facts.isFile() || facts.size > MAX_FILE_BYTES) throw notARootKeyFile(path);
    const bytes = await file.readFile();
    try {
      return { ...parse(bytes.toString('utf8'), path), stamp: stampOf(facts) };
    } finally {
      bytes.fill(0);
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file.close();
  }
}

/** What {@link RootKeys.stamp} would be now, or `null` when the file is gone. Costs one `stat`, and reads no key. */
export async function rootKeyFileStamp(path: string): Promise<string | null> {
  try {
    return stampOf(await stat(path, { bigint: true }));
  } catch (error) {
    if (failureName(error) === 'ENOENT') return null;
    throw unreadable(path, error);
  }
}

/**
 * Writes a new root key file with one key, mode 0600. Atomic: of two processes that start at once, one writes and both read the
 * same complete file. An existing file is left as it is.
 */
export async function createRootKeyFile(path: string): Promise<void> {
  const id = newId();
  await writing(path, () => createWholeFile(path, render([[id, randomBytes(ROOT_KEY_BYTES)]], id)));
}

/**
 * Adds a root key and makes it the current one; the older keys stay, to open what they wrapped. Running processes notice by
 * themselves. Returns the new `kmsKeyId`. Two rotations at once cannot lose a key: the second is refused.
 */
export async function rotateLocalRootKey(path: string): Promise<string> {
  const lockPath = `${path}.lock`;
  const lock = await open(lockPath, 'wx', 0o600).catch((error: unknown) => {
    if (failureName(error) !== 'EEXIST') throw unreadable(lockPath, error);
    throw kmsErrors.misconfigured({
      message: `Another rotation of ${path} is running, or one was interrupted; in that case remove ${lockPath}.`,
    });
  });
  try {
    const existing = await readRootKeyFile(path);
    if (!existing) throw kmsErrors.misconfigured({ message: `There is no root key file at ${path}.` });
    const id = newId();
    const keys: [string, Buffer][] = [...existing.keys, [id, randomBytes(ROOT_KEY_BYTES)]];
    await writing(path, () => replaceWholeFile(path, render(keys, id)));
    return localKeyId(id);
  } finally {
    await lock.close();
    await rm(lockPath, { force: true });
  }
}

/** The `kmsKeyId` of a root key in a file. */
export function localKeyId(id: string): string {
  return `local:${id}`;
}

async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if (failureName(error) === 'ENOENT') return null;
    throw unreadable(path, error);
  }
}

/** Names the file and what failed, and nothing of what was to be in it. */
async function writing(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw kmsErrors.misconfigured({
      message: `The root key file ${path} cannot be written (${failureName(error)}).`,
      cause: kmsCause(failureName(error)),
    });
  }
}

function render(keys: [string, Buffer][], current: string): string {
  const entries = keys.map(([id, key]) => ({ id, key: key.toString('base64') }));
  return `${JSON.stringify({ format: FORMAT, current, keys: entries }, null, 2)}\n`;
}

function parse(text: string, path: string): Omit<RootKeys, 'stamp'> {
  const document = parsedJson(text) as { format?: unknown; current?: unknown; keys?: unknown } | null;
  if (document?.format !== FORMAT || typeof document.current !== 'string' || !Array.isArray(document.keys)) throw notARootKeyFile(path);
  const keys = new Map<string, Buffer>();
  for (const entry of document.keys as { id?: unknown; key?: unknown }[]) {
    const { id, key } = entry ?? {};
    const valid = typeof id === 'string' && KEY_ID.test(id) && typeof key === 'string' && BASE64_OF_32_BYTES.test(key);
    if (!valid || keys.has(id)) throw notARootKeyFile(path);
    keys.set(id, Buffer.from(key, 'base64'));
  }
  if (!keys.has(document.current)) throw notARootKeyFile(path);
  return { current: document.current, keys };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The parser quotes what it read, and what it read is a key.
  }
}

function stampOf(facts: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return `${facts.ino}.${facts.size}.${facts.mtimeNs}.${facts.ctimeNs}`;
}

function notARootKeyFile(path: string): AppError {
  return kmsErrors.misconfigured({
    message: `${path} is not a root key file: it holds {"format":"${FORMAT}","current":…,"keys":[{"id":…,"key":…}]} with keys of 32 bytes in base64.`,
  });
}

function unreadable(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  return kmsErrors.unavailable({
    message: `The root key file ${path} cannot be read (${failureName(error)}).`,
    cause: kmsCause(failureName(error)),
  });
}
