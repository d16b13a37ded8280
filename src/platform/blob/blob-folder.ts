import { randomBytes } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { AppError, errorCode } from '../../kernel/errors.js';
import { syncFolder } from '../files/sync-folder.js';
import { blobCause, blobErrors } from './blob.errors.js';
import { requireBlobKey, requireBlobPrefix } from './blob-prefixes.js';
import { type BlobBody, type BlobFacts, type BlobListOptions, type BlobPage, BlobStore, LARGEST_BLOB_PAGE } from './blob-store.js';

/** Where files are written before they get their name. On the same file system, and no key begins with a dot. */
const ASIDE = '.unfinished';
const READ_AHEAD_BYTES = 256 * 1024;
const NAMING_TRIES = 5;

/**
 * Objects as files of a folder: mode 0600 in folders of mode 0700, written aside, synced and renamed, so that a crash leaves the object whole
 * or absent. A symbolic link inside the folder is refused and never followed. For one machine; replicas need a store they share.
 */
export class BlobFolder extends BlobStore {
  private readonly root: string;
  private made: Promise<unknown> | undefined;

  constructor(folder: string) {
    super();
    this.root = resolve(folder);
  }

  override async put(key: string, body: BlobBody, signal?: AbortSignal): Promise<number> {
    const path = this.pathOf(key);
    return this.translating(async () => {
      const [part = ''] = key.split('/');
      const aside = join(await this.makeFolder(join(this.root, ASIDE)), `${part}.${randomBytes(12).toString('hex')}`);
      try {
        const bytes = await writeSynced(aside, body, signal);
        await this.giveName(aside, path);
        return bytes;
      } finally {
        await rm(aside, { force: true });
      }
    });
  }

  override async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const path = this.pathOf(key);
    const { file, size } = await this.translating(async () => {
      if ((await this.look(path)) === null) throw blobErrors.not_found();
      const opened = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      const facts = await opened.stat();
      if (facts.isFile()) return { file: opened, size: facts.size };
      await opened.close();
      throw notOurs(path);
    });
    const stream = Readable.from(pieces(file, size), { objectMode: false, highWaterMark: READ_AHEAD_BYTES });
    signal?.addEventListener('abort', () => stream.destroy(blobErrors.unavailable({ cause: signal.reason })), { once: true });
    return stream;
  }

  override async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    await this.translating(async () => {
      const facts = await this.look(path);
      if (!facts) return;
      await rm(path);
      await syncFolder(dirname(path));
      await this.removeEmptyFolders(dirname(path));
    });
  }

  override async list(prefix: string, { after = '', limit = LARGEST_BLOB_PAGE }: BlobListOptions = {}): Promise<BlobPage> {
    requireBlobPrefix(prefix);
    return this.translating(async () => {
      const blobs: BlobFacts[] = [];
      await this.requireRoot();
      for await (const key of this.walk('', prefix, after)) {
        if (blobs.length === limit) return { blobs, next: blobs.at(-1)?.key ?? null };
        const facts = await this.look(join(this.root, key));
        // Removed since its name was read.
        if (facts) blobs.push({ key, bytes: facts.size, modifiedAt: facts.mtime });
      }
      return { blobs, next: null };
    });
  }

  override async stat(key: string): Promise<BlobFacts | null> {
    const path = this.pathOf(key);
    return this.translating(async () => {
      const facts = await this.look(path);
      return facts && { key, bytes: facts.size, modifiedAt: facts.mtime };
    });
  }

  override async discardUnfinished(before: Date, _signal?: AbortSignal, part?: string): Promise<number> {
    const ours = part === undefined ? '' : `${requireBlobPrefix(part)}.`;
    return this.translating(async () => {
      const folder = join(this.root, ASIDE);
      let removed = 0;
      for (const { name } of await entries(folder)) {
        if (!name.startsWith(ours)) continue;
        const facts = await lstat(join(folder, name)).catch(absentAsNull);
        if (facts === null || facts.mtime >= before) continue;
        await rm(join(folder, name), { force: true });
        removed += 1;
      }
      return removed;
    });
  }

  override async check(): Promise<void> {
    await this.translating(async () => {
      const probe = join(await this.makeFolder(join(this.root, ASIDE)), randomBytes(12).toString('hex'));
      await writeSynced(probe, Buffer.from('lethe'));
      await rm(probe);
    });
  }

  override async dispose(): Promise<void> {
    // Nothing is held open between calls.
  }

  private pathOf(key: string): string {
    return join(this.root, requireBlobKey(key));
  }

  /** Keys under `folder` that begin with `prefix` and come after `after`, in byte order: a folder sorts as its name with `/` behind it. */
  private async *walk(folder: string, prefix: string, after: string): AsyncGenerator<string> {
    const found = await entries(join(this.root, folder));
    const named = found.map((entry) => ({ entry, key: `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}` }));
    for (const { entry, key } of named.sort((a, b) => (a.key < b.key ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue;
      // A folder that is behind `after` may still have it, and what follows it, inside.
      if (key <= after && !after.startsWith(key)) continue;
      if (entry.isFile() && key !== after && key.startsWith(prefix)) yield key;
      else if (entry.isDirectory() && (key.startsWith(prefix) || prefix.startsWith(key))) yield* this.walk(key, prefix, after);
    }
  }

  /** Facts of a regular file, or null when there is none. */
  private async look(path: string): Promise<Stats | null> {
    await this.refuseLinks(dirname(path));
    const facts = await lstat(path).catch(absentAsNull);
    if (facts === null) await this.requireRoot();
    else if (!facts.isFile()) throw notOurs(path);
    return facts;
  }

  /** Made at the first use. One that is gone later is a volume that is away, and says nothing about what is on it (peers 28). */
  private async requireRoot(): Promise<void> {
    this.made ??= mkdir(this.root, { recursive: true, mode: 0o700 });
    await this.made;
    await lstat(this.root);
  }

  /** Somebody who removes the last file of a folder removes the folder too, also one that was made a moment ago: then it is made again. */
  private async giveName(aside: string, path: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.makeFolder(dirname(path));
      try {
        await rename(aside, path);
        return await syncFolder(dirname(path));
      } catch (error) {
        if (errorCode(error) !== 'ENOENT' || tries === NAMING_TRIES) throw error;
      }
    }
  }

  /** Makes a folder below the root and what is missing above it. */
  private async makeFolder(folder: string): Promise<string> {
    await this.requireRoot();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.refuseLinks(folder);
    return folder;
  }

  /** Whoever could put a link between two folders could have Lethe read or write anywhere. The root itself may be one: that is the operator's. */
  private async refuseLinks(folder: string): Promise<void> {
    for (let at = folder; at.length > this.root.length; at = dirname(at)) {
      const facts = await lstat(at).catch(absentAsNull);
      if (facts !== null && !facts.isDirectory()) throw notOurs(at);
    }
  }

  private async removeEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at.length > this.root.length; at = dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        return; // Not empty, or somebody else was quicker; an empty folder holds nothing.
      }
    }
  }

  private async translating<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.translated(error);
    }
  }

  private translated(error: unknown): Error {
    if (error instanceof AppError) return error;
    const code = errorCode(error) ?? 'no code';
    const cause = blobCause(code);
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'EROFS') return notOurs(this.root);
    if (code === 'EACCES' || code === 'EPERM')
      return blobErrors.denied({
        cause,
        message: `The blob folder ${this.root} cannot be read or written (${code}). Check its owner and mode.`,
      });
    if (code.startsWith('E')) return blobErrors.unavailable({ cause, message: `The blob folder ${this.root} cannot be used (${code}).` });
    // The source of a put failed, and with it the put: what it says is the caller's own.
    return error instanceof Error ? error : blobErrors.unavailable({ cause });
  }
}

async function writeSynced(path: string, body: BlobBody, signal?: AbortSignal): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    signal?.throwIfAborted();
    await file.writeFile(body, signal ? { signal } : {});
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** The file in pieces, as long as it was when it was opened. */
async function* pieces(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  try {
    for (let at = 0; at < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(READ_AHEAD_BYTES, size - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw blobErrors.damaged();
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function entries(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => absentAsNull(error) ?? []);
}

function absentAsNull(error: unknown): null {
  if (errorCode(error) === 'ENOENT') return null;
  throw error;
}

function notOurs(path: string): AppError {
  return blobErrors.misconfigured({
    message: `${path} is a link, or no plain file or folder: Lethe made it neither and does not follow it.`,
  });
}
