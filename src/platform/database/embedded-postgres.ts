import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { locateBinaries } from './embedded-binaries.js';
import {
  boundLog,
  ensureCluster,
  findPostmaster,
  OWNER,
  type Postmaster,
  type Settings,
  startPostmaster,
  stopPostmaster,
} from './embedded-cluster.js';
import { directoryLockHolder, whileLocked } from './embedded-directory-lock.js';
import { dropSocketDirectory, type Layout, makeSocketDirectory, openLayout, SOCKET_FILE } from './embedded-layout.js';
import { databaseErrors } from './database.errors.js';
import { isAlive, waitUntil } from './embedded-process.js';

export interface EmbeddedPostgresOptions {
  /** The folder that holds the database, its log and its locks; made when absent. */
  readonly directory: string;
  /** Server settings that replace the durable defaults, for throw-away databases. */
  readonly settings?: Settings;
  /** Gives up the start and leaves nothing running. */
  readonly signal?: AbortSignal;
  /** Starts the server again, with the same connection string, when it dies under us. Off unless asked for. */
  readonly restartOnCrash?: boolean;
}

/** SQLSTATE codes, PostgreSQL documentation, appendix A. */
const CANNOT_CONNECT_NOW = '57P03';
const TOO_MANY_CONNECTIONS = '53300';

/** Keeps two starts in one folder apart. Held for the start only, so waiting it out is normal. */
const START_LOCK_WAIT_MS = 90_000;
const CONNECT_TIMEOUT_MS = 10_000;
const SETTLE_WAIT_MS = 60_000;
const DYING_WAIT_MS = 2_000;
const CONNECT_RETRY_MS = 50;
const TEND_INTERVAL_MS = 2_000;

/**
 * The PostgreSQL server that comes with Lethe, for when no `DATABASE_URL` is set. It listens on a unix socket that
 * only its own user can reach, never on the network, and runs in a session of its own: Ctrl-C and a killed Lethe leave
 * it running until Lethe has drained, or until the next start adopts it.
 */
export class EmbeddedPostgres {
  private readonly tending: NodeJS.Timeout;
  private stopping?: Promise<void>;
  private reviving?: Promise<void>;

  private constructor(
    private readonly layout: Layout,
    private running: RunningServer,
    private readonly options: EmbeddedPostgresOptions & { readonly borrowed: boolean },
  ) {
    this.tending = setInterval(() => this.tend(), TEND_INTERVAL_MS).unref();
  }

  /**
   * Starts the server of `directory`, or adopts the one that still runs there; creates the database `lethe` the first
   * time. Throws `database/embedded_…` with a sentence for the operator.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const layout = await openLayout(options.directory);
    return whileLocked(startLock(layout), START_LOCK_WAIT_MS, async () => {
      rmSync(borrowedMark(layout), { force: true });
      return new EmbeddedPostgres(layout, await bringUp(layout, options), { ...options, borrowed: false });
    });
  }

  /**
   * For a command-line tool: uses the server that runs, or starts it for as long as the tool needs it. `stop()` leaves
   * the server to the Lethe that owns the folder and to other tools; the last tool out stops what a tool has started.
   */
  static async borrow(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const layout = await openLayout(options.directory);
    return whileLocked(startLock(layout), START_LOCK_WAIT_MS, async () => {
      const running = await bringUp(layout, options);
      if (!running.adopted) writeFileSync(borrowedMark(layout), '');
      return new EmbeddedPostgres(layout, running, { ...options, borrowed: true });
    });
  }

  /** Whether the server was already running: left by a Lethe that was killed, or, for a tool, in use by one. */
  get adopted(): boolean {
    return this.running.adopted;
  }

  /** The file it writes its log to. */
  get log(): string {
    return this.layout.log;
  }

  get socketDirectory(): string {
    return this.running.postmaster.socketDirectory;
  }

  /** A connection string that node-postgres, TypeORM and BullMQ take. The user `lethe` is the superuser. */
  url(database: string = OWNER, user: string = OWNER): string {
    return socketUrl(this.socketDirectory, database, user);
  }

  /** The operating system's number of the server process. */
  get pid(): number {
    return this.running.postmaster.pid;
  }

  /** Stops the server, adopted or not, and waits until it has written everything out. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    clearInterval(this.tending);
    await this.reviving;
    await whileLocked(startLock(this.layout), START_LOCK_WAIT_MS, () => (this.options.borrowed ? this.giveBack() : this.shutDown()));
  }

  private async shutDown(): Promise<void> {
    await stopPostmaster(this.layout.data, this.pid);
    dropSocketDirectory(this.socketDirectory);
  }

  private async giveBack(): Promise<void> {
    const mark = borrowedMark(this.layout);
    if (!existsSync(mark) || directoryLockHolder(this.layout.directory) !== undefined) return;
    if (await othersConnected(this.socketDirectory)) return;
    await this.shutDown();
    rmSync(mark, { force: true });
  }

  private tend(): void {
    boundLog(this.layout.log);
    if (!this.options.restartOnCrash || this.reviving || this.stopping || isAlive(this.pid)) return;
    this.reviving = this.revive().finally(() => (this.reviving = undefined));
  }

  /** A failure is not reported here: every query says that the database is away, and the next round tries again. */
  private async revive(): Promise<void> {
    const again = { settings: this.options.settings, socketDirectory: this.socketDirectory };
    try {
      this.running = await whileLocked(startLock(this.layout), START_LOCK_WAIT_MS, () => bringUp(this.layout, again));
    } catch {
      // Tried again after TEND_INTERVAL_MS.
    }
  }
}

interface RunningServer {
  readonly postmaster: Postmaster;
  readonly adopted: boolean;
}

/** Adopts the server that runs, else starts one, with its socket in `socketDirectory` when that is given. */
async function bringUp(
  layout: Layout,
  options: Pick<EmbeddedPostgresOptions, 'settings' | 'signal'> & { readonly socketDirectory?: string },
): Promise<RunningServer> {
  const found = await settledPostmaster(layout, options.signal);
  if (found && (await canAdopt(found))) return { postmaster: found, adopted: true };
  const binaries = await locateBinaries(layout.account);
  const { settings = {}, signal } = options;
  await ensureCluster(layout, binaries, { settings, signal });
  const given = options.socketDirectory;
  const socketDirectory = given && existsSync(given) ? given : makeSocketDirectory(layout);
  try {
    const postmaster = await startPostmaster(layout, binaries, { socketDirectory, settings, signal });
    await ensureDatabase(socketDirectory);
    return { postmaster, adopted: false };
  } catch (error) {
    const left = findPostmaster(layout.data);
    if (left) await stopPostmaster(layout.data, left.pid);
    dropSocketDirectory(socketDirectory);
    throw error;
  }
}

/** False when the server died just as we turned to it. Throws when it lives but does not serve. */
async function canAdopt(found: Postmaster): Promise<boolean> {
  try {
    await ensureDatabase(found.socketDirectory);
    return true;
  } catch (error) {
    if (await waitUntil(() => !isAlive(found.pid), DYING_WAIT_MS)) return false;
    throw error;
  }
}

/**
 * The running server once it takes connections. One on its way down is waited for and counts as none; one whose socket
 * was swept from a temporary folder cannot be reached any more and is stopped.
 */
async function settledPostmaster(layout: Layout, signal?: AbortSignal): Promise<Postmaster | undefined> {
  const first = findPostmaster(layout.data);
  if (!first) return undefined;
  const settled = (): boolean => !isAlive(first.pid) || findPostmaster(layout.data)?.status === 'ready';
  if (!(await waitUntil(settled, SETTLE_WAIT_MS, signal))) {
    throw databaseErrors.embedded_not_started({
      message: `A PostgreSQL server (process ${first.pid}) holds ${layout.data} but takes no connections.`,
    });
  }
  const found = findPostmaster(layout.data);
  if (!found || existsSync(join(found.socketDirectory, SOCKET_FILE))) return found;
  await stopPostmaster(layout.data, found.pid);
  return undefined;
}

/** `sslmode` and `port` are spelled out so that `PGSSLMODE` and `PGPORT` of the operator's shell change nothing. */
function socketUrl(socketDirectory: string, database: string, user: string): string {
  const host = encodeURIComponent(socketDirectory);
  return `postgresql://${encodeURIComponent(user)}@/${encodeURIComponent(database)}?host=${host}&port=5432&sslmode=disable`;
}

async function withClient<T>(socketDirectory: string, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    const client = await connect(socketDirectory);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } catch (cause) {
    throw databaseErrors.embedded_not_started({
      message: `The built-in PostgreSQL runs but does not answer: ${(cause as Error).message}`,
      cause,
    });
  }
}

/** A server that recovers from the crash of one of its own processes, or still lets go of a killed Lethe's connections, is waited for. */
async function connect(socketDirectory: string): Promise<Client> {
  const deadline = performance.now() + SETTLE_WAIT_MS;
  for (;;) {
    const client = new Client({
      connectionString: socketUrl(socketDirectory, 'postgres', OWNER),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if ((code !== CANNOT_CONNECT_NOW && code !== TOO_MANY_CONNECTIONS) || performance.now() > deadline) throw error;
      await sleep(CONNECT_RETRY_MS);
    }
  }
}

async function ensureDatabase(socketDirectory: string): Promise<void> {
  await withClient(socketDirectory, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [OWNER]);
    if (!rowCount) await client.query(`CREATE DATABASE ${OWNER}`);
  });
}

function othersConnected(socketDirectory: string): Promise<boolean> {
  return withClient(socketDirectory, async (client) => {
    const { rowCount } = await client.query(
      "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1",
    );
    return Boolean(rowCount);
  });
}

const startLock = (layout: Layout): string => join(layout.directory, 'postgres.lock');

/** Left in the folder while a server runs that a command-line tool has started and no Lethe has adopted. */
const borrowedMark = (layout: Layout): string => join(layout.directory, 'postgres.borrowed');
