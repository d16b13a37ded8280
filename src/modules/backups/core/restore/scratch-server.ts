import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../../kernel/errors.js';
import { EmbeddedPostgres } from '../../../../platform/database/embedded-postgres.js';
import { makeDirectory } from '../../../../platform/database/embedded-layout.js';

/** What is in it is thrown away, so nothing of it has to survive a crash. */
const THROW_AWAY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0' };

/**
 * Runs `work` on an empty PostgreSQL server of its own, in the folder `drill` of the data folder, and removes the folder, with what a drill that was killed
 * has left in it. Rows of a test restore never reach the server that serves, nor its write-ahead log and its archive.
 */
export async function onScratchServer<T>(dataDirectory: string, work: (url: string) => Promise<T>): Promise<T> {
  const directory = join(dataDirectory, 'drill');
  makeDirectory(dataDirectory);
  // A server that a killed drill has left runs until it is taken over here.
  const server = await EmbeddedPostgres.start({ directory, settings: THROW_AWAY }).catch((error: unknown) => {
    // There is none, so it is nobody else's folder either.
    if (bringsNoServer(error)) rmSync(directory, { recursive: true, force: true });
    throw error;
  });
  try {
    return await work(server.url());
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whether it failed because no PostgreSQL is installed with Lethe that runs here. */
export function bringsNoServer(error: unknown): boolean {
  return error instanceof AppError && error.code === 'database/embedded_unsupported';
}
