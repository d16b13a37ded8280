// A Postgres server of the torture's own, from the built program: outside a test runner there is no harness for one.
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnPostgres } from '../harness/postgres.ts';

const BUILT = new URL('../../dist/platform/database/', import.meta.url);

/** Commits have to survive the server's processes, not the machine. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'on', max_connections: '100', max_wal_size: '2GB' };

export async function startTorturePostgres(): Promise<OwnPostgres> {
  const { EmbeddedPostgres } = (await import(
    new URL('embedded-postgres.js', BUILT).href
  )) as typeof import('../../src/platform/database/embedded-postgres.ts');
  const { sendSignal, serverProcesses, waitUntil } = (await import(
    new URL('embedded-process.js', BUILT).href
  )) as typeof import('../../src/platform/database/embedded-process.ts');
  // `/tmp` before `TMPDIR`: sockets need short paths, and root's TMPDIR may be closed to the server's account.
  const run = mkdtempSync(join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'lethe-torture-'));
  chmodSync(run, 0o711);
  const directory = join(run, 'pg');
  const processes = (): number[] => serverProcesses(join(directory, 'postgres'));
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of processes()) sendSignal(pid, name);
  };
  const start = () => EmbeddedPostgres.start({ directory, settings: SETTINGS });
  let server = await start();
  const destroy = (): void => {
    signal('SIGKILL');
    rmSync(run, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  process.once('exit', destroy);
  return {
    directory,
    url: (database, user) => server.url(database, user),
    pid: () => server.pid,
    start: async () => {
      server = await start();
    },
    stop: () => server.stop(),
    kill: async () => {
      signal('SIGKILL');
      await waitUntil(() => processes().length === 0, 5_000);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    destroy: async () => {
      process.off('exit', destroy);
      destroy();
    },
  };
}
