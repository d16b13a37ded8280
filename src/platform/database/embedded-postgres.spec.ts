import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostmaster } from './embedded-cluster.js';
import { acquireDirectoryLock, directoryLockHolder } from './embedded-directory-lock.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { isAlive, serverProcesses, waitUntil } from './embedded-process.js';

/** Without fsync a commit still outlives every crash but the machine's. */
const FAST = { fsync: 'off' };
const CANARY = 'canary-5e1f9d';

let base: string;

beforeAll(() => {
  base = mkdtempSync('/tmp/lethe-embedded-');
  chmodSync(base, 0o711);
});

afterAll(async () => {
  for (const name of ['main', 'deep']) killServer(folder(name));
  rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

const folder = (name: string): string => join(base, name);

function killServer(directory: string): void {
  const data = join(directory, 'postgres');
  for (const pid of existsSync(data) ? serverProcesses(data) : []) process.kill(pid, 'SIGKILL');
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** The tests of this block live through one folder's history in order. */
describe('the built-in PostgreSQL', () => {
  const start = (): Promise<EmbeddedPostgres> => EmbeddedPostgres.start({ directory: folder('main'), settings: FAST });

  it('makes its database on the first start, in UTF-8, with checksums, for the owner lethe', async () => {
    const server = await start();
    expect(server.adopted).toBe(false);
    const [facts] = await query(
      server.url(),
      "SELECT current_user, current_database(), current_setting('data_checksums') AS checksums, current_setting('server_encoding') AS encoding",
    );
    expect(facts).toEqual({ current_user: 'lethe', current_database: 'lethe', checksums: 'on', encoding: 'UTF8' });
    await query(server.url(), 'CREATE TABLE kept (note text UNIQUE, amount int)');
  });

  it('cannot be reached over the network, and its socket by its own user only', async () => {
    const server = await start();
    expect(await query(server.url(), "SELECT current_setting('listen_addresses') AS addresses")).toEqual([{ addresses: '' }]);
    expect(statSync(server.socketDirectory).mode & 0o777).toBe(0o700);
  });

  it('peers 13: a Lethe killed without warning leaves it running, and the next start adopts it', async () => {
    const pid = findPostmaster(join(folder('main'), 'postgres'))?.pid;
    const server = await start();
    expect(server.adopted).toBe(true);
    expect(server.pid).toBe(pid);
  });

  it('runs in a session of its own, so that Ctrl-C does not reach it before Lethe has drained', async () => {
    const { pid } = await start();
    const session = (of: number): string => execFileSync('ps', ['-o', 'sid=', '-p', String(of)], { encoding: 'utf8' }).trim();
    expect(session(pid)).toBe(String(pid));
    expect(session(pid)).not.toBe(session(process.pid));
  });

  it('C1: neither a statement, a parameter nor a value of a failed statement reaches its log', async () => {
    const server = await start();
    await query(server.url(), 'INSERT INTO kept VALUES ($1, 1)', [CANARY]);
    await expect(query(server.url(), 'INSERT INTO kept VALUES ($1, 1)', [CANARY])).rejects.toThrow(/duplicate key/);
    await expect(query(server.url(), `SELECT '${CANARY}'::int`)).rejects.toThrow(/invalid input syntax/);
    await expect(query(server.url(), `SELEKT '${CANARY}'`)).rejects.toThrow(/syntax error/);
    await query(server.url(), `DO $$ BEGIN RAISE WARNING '${CANARY}'; END $$`);
    expect(readFileSync(join(folder('main'), 'postgres.log'), 'utf8')).not.toContain(CANARY);
  });

  it('C1: a crash of one of its processes puts no statement into the log either', async () => {
    const server = await start();
    const victim = new Client({ connectionString: server.url() });
    victim.on('error', () => undefined);
    await victim.connect();
    const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const answer = victim.query(`SELECT pg_sleep(60), '${CANARY}'`).then(
      () => 'answered',
      () => 'lost',
    );
    await waitUntil(
      async () =>
        (await query(server.url(), "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")).length >
        0,
      5_000,
    );
    process.kill(rows[0]?.pid ?? 0, 'SIGSEGV');
    expect(await answer).toBe('lost');
    const log = (): string => readFileSync(join(folder('main'), 'postgres.log'), 'utf8');
    await waitUntil(() => log().includes('terminated by signal'), 5_000);
    expect(log()).toContain('terminated by signal');
    expect(log()).not.toContain(CANARY);
  });

  it('a killed PostgreSQL comes back with its data at the next start', async () => {
    const server = await start();
    killServer(folder('main'));
    await waitUntil(() => !isAlive(server.pid), 5_000);
    const again = await start();
    expect(again.adopted).toBe(false);
    expect(await query(again.url(), 'SELECT amount FROM kept')).toEqual([{ amount: 1 }]);
  });

  it('a killed postmaster whose processes live on is no obstacle', async () => {
    const server = await start();
    const session = new Client({ connectionString: server.url() });
    session.on('error', () => undefined);
    await session.connect();
    process.kill(server.pid, 'SIGKILL');
    const again = await start();
    expect(again.adopted).toBe(false);
    await session.end().catch(() => undefined);
  });

  it('stops an adopted server too, and keeps the data', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    expect(findPostmaster(join(folder('main'), 'postgres'))).toBeUndefined();
  });

  it('a pid file that names a stranger with the same number does not block the start, nor harm the stranger', async () => {
    const pidFile = join(folder('main'), 'postgres', 'postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n${folder('main')}/postgres\n0\n5432\n${folder('main')}/run\n\n  0 0\nready   \n`);
    const server = await start();
    expect(server.adopted).toBe(false);
    expect(await query(server.url(), 'SELECT amount FROM kept')).toEqual([{ amount: 1 }]);
  });

  it('a tool that borrows a running server leaves it running', async () => {
    const server = await start();
    const borrowed = await EmbeddedPostgres.borrow({ directory: folder('main'), settings: FAST });
    expect(borrowed.pid).toBe(server.pid);
    await borrowed.stop();
    expect(isAlive(server.pid)).toBe(true);
    await server.stop();
  });

  it('of two tools that share a server one of them started, the last to finish stops it', async () => {
    const options = { directory: folder('main'), settings: FAST };
    const [first, second] = [await EmbeddedPostgres.borrow(options), await EmbeddedPostgres.borrow(options)];
    const inUse = new Client({ connectionString: second.url() });
    await inUse.connect();
    await first.stop();
    expect(isAlive(first.pid)).toBe(true);
    await inUse.end();
    await waitUntil(
      async () => (await query(second.url(), "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend'")).length === 1,
      5_000,
    );
    await second.stop();
    expect(isAlive(first.pid)).toBe(false);
  });

  it('a server that a tool has started is left to the Lethe that adopted it since', async () => {
    const borrowed = await EmbeddedPostgres.borrow({ directory: folder('main'), settings: FAST });
    const lethe = await start();
    await borrowed.stop();
    expect(isAlive(lethe.pid)).toBe(true);
    await lethe.stop();
  });

  it('starts again by itself when asked to, under the same connection string', async () => {
    const server = await EmbeddedPostgres.start({ directory: folder('main'), settings: FAST, restartOnCrash: true });
    const url = server.url();
    killServer(folder('main'));
    const answers = (): Promise<boolean> =>
      query(url, 'SELECT 1').then(
        () => true,
        () => false,
      );
    expect(await waitUntil(answers, 10_000)).toBe(true);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('gives up a start that is called off, and leaves nothing running', async () => {
    const calledOff = EmbeddedPostgres.start({
      directory: folder('main'),
      settings: FAST,
      signal: AbortSignal.abort(new Error('called off')),
    });
    await expect(calledOff).rejects.toThrow('called off');
    expect(serverProcesses(join(folder('main'), 'postgres'))).toEqual([]);
  });

  it('says in one sentence that the data is of another major version', async () => {
    const versionFile = join(folder('main'), 'postgres', 'PG_VERSION');
    writeFileSync(versionFile, '12\n');
    await expect(start()).rejects.toMatchObject({
      code: 'database/embedded_version',
      publicMessage: expect.stringContaining('PostgreSQL 12'),
    });
  });

  it('does not touch files that are no database', async () => {
    rmSync(join(folder('main'), 'postgres', 'PG_VERSION'));
    await expect(start()).rejects.toMatchObject({
      code: 'database/embedded_not_started',
      publicMessage: expect.stringContaining('PG_VERSION is missing'),
    });
  });
});

describe('a folder with a long path and odd characters', () => {
  it('works, after a half-done first start too, and two starts at once share one server', async () => {
    const directory = join(folder('deep'), `it's "odd", é 100% ${'x'.repeat(100)}`);
    mkdirSync(join(directory, 'postgres.unfinished-killed', 'base'), { recursive: true });
    chmodSync(folder('deep'), 0o755);
    chmodSync(directory, 0o711);
    const servers = await Promise.all([
      EmbeddedPostgres.start({ directory, settings: FAST }),
      EmbeddedPostgres.start({ directory, settings: FAST }),
    ]);
    expect(new Set(servers.map((server) => server.adopted))).toEqual(new Set([false, true]));
    const [server] = servers;
    expect(await query(server.url(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(directory, 'postgres.unfinished-killed'))).toBe(false);
    await Promise.all(servers.map((each) => each.stop()));
    expect(existsSync(server.socketDirectory)).toBe(false);
  });
});

describe('the lock on a folder', () => {
  const lockFile = (): string => join(folder('locked'), 'lethe.lock');

  it('keeps a second Lethe out and names the first', () => {
    const lock = acquireDirectoryLock(folder('locked'));
    expect(() => acquireDirectoryLock(folder('locked'))).toThrow(
      expect.objectContaining({ code: 'database/already_running', publicMessage: expect.stringContaining(`process ${process.pid}`) }),
    );
    lock.release();
    expect(directoryLockHolder(folder('locked'))).toBeUndefined();
  });

  it.each([
    ['that is dead', { pid: 2 ** 22 + 1, birth: 'x' }],
    ['whose number another process has now', { pid: process.ppid, birth: 'an earlier boot/1' }],
  ])('is taken over from a process %s', (_, holder) => {
    writeFileSync(lockFile(), JSON.stringify(holder));
    const lock = acquireDirectoryLock(folder('locked'));
    expect(directoryLockHolder(folder('locked'))).toBe(process.pid);
    lock.release();
    expect(existsSync(lockFile())).toBe(false);
  });

  it('is taken over from a half-written file', () => {
    writeFileSync(lockFile(), '{"pid":');
    acquireDirectoryLock(folder('locked')).release();
  });
});
