import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../kernel/errors.js';
import { syncFolder } from './sync-folder.js';

// Files that must never be seen half-written, however the process or the machine ends: written and synced beside their place, then given their name, and the
// folder synced so that the name survives as well. Mode 0600; folders that are missing are made with 0700.

/** How a file is called until it has its name. One that is older than its writing can take was left by a process that died. */
export const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/;

/** Makes a file. One that is there already stays as it is, also one made at this very moment; answers whether this one was made. */
export async function createWholeFile(path: string, content: string): Promise<boolean> {
  return writeAside(path, content, async (aside) => {
    try {
      // A hard link fails when the name is taken, which `rename` would overwrite.
      await link(aside, path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Makes a file, or puts it in place of the one there is. */
export async function replaceWholeFile(path: string, content: string): Promise<void> {
  await writeAside(path, content, (aside) => rename(aside, path));
}

async function writeAside<T>(path: string, content: string, publish: (aside: string) => Promise<T>): Promise<T> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    const published = await publish(aside);
    await syncFolder(dirname(path));
    return published;
  } finally {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}
