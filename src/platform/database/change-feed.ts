import type { Socket } from 'node:net';
import pg from 'pg';
import type { Log } from '../telemetry/logger.js';

/** A configuration row that changed: its table and id, nothing else. */
export interface Change {
  readonly table: string;
  readonly id: string;
}

export interface ChangeSubscriber {
  /** Tables whose changes it wants. */
  readonly tables: readonly string[];
  /** Re-reads one row. Called in order, one at a time. */
  onChange(change: Change): Promise<void>;
  /** Re-reads everything: notifications may have been missed while the connection was down. */
  onResync(): Promise<void>;
}

const CHANNEL = 'lethe_changes';
const PING_MS = 2_000;
const CONNECT_MS = 5_000;
const RECONNECT_MS = 250;
/** A server that refuses is asked less and less often, down to this. */
const RECONNECT_MOST_MS = 2_000;

/**
 * Hears of configuration changes through LISTEN/NOTIFY, which Postgres delivers when the change commits: a revoked key stops working
 * on every replica well within a second (K4). A lost connection is noticed at once, one to a server that hangs within two pings; it is made
 * again and followed by a full re-read, so a missed notification is repaired rather than waited for.
 */
export class ChangeFeed {
  private readonly subscribers: ChangeSubscriber[] = [];
  private client: pg.Client | null = null;
  private pinger: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private reconnectMs = RECONNECT_MS;
  private stopped = false;

  constructor(
    private readonly connection: pg.ClientConfig,
    private readonly log: Log,
    /** Called whenever every subscriber has read all it needs. */
    private readonly onResynced: () => void = () => undefined,
  ) {}

  subscribe(subscriber: ChangeSubscriber): void {
    this.subscribers.push(subscriber);
  }

  /** Listens and has every subscriber read all it needs. Rejects when the database cannot be reached at start. */
  async start(): Promise<void> {
    await this.connect();
    await this.resync();
  }

  get connected(): boolean {
    return this.client !== null;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.pinger);
    clearTimeout(this.retry);
    const client = this.client;
    this.client = null;
    if (client) hangUp(client);
    await this.work;
  }

  private async connect(): Promise<void> {
    const bounds = { connectionTimeoutMillis: CONNECT_MS, query_timeout: PING_MS };
    const client = new pg.Client({ ...this.connection, application_name: 'lethe-changes', ...bounds });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', (message) => this.heard(message.payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      hangUp(client);
      throw error;
    }
    if (this.stopped) return hangUp(client);
    this.client = client;
    this.pinger = setInterval(() => {
      client.query('SELECT 1').catch(() => this.lost(client));
    }, PING_MS);
  }

  private heard(payload: string): void {
    const [table = '', id = ''] = payload.split(':');
    for (const subscriber of this.subscribers) {
      if (subscriber.tables.includes(table)) void this.enqueue(() => subscriber.onChange({ table, id }));
    }
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = null;
    clearInterval(this.pinger);
    hangUp(client);
    if (this.stopped) return;
    this.log.warn('lost the notification connection; configuration is served from memory', { component: 'change-feed' });
    this.reconnectLater();
  }

  private reconnectLater(): void {
    this.retry = setTimeout(() => {
      this.connect().then(
        () => {
          this.log.info('notification connection is back; re-reading configuration', { component: 'change-feed' });
          this.resync().then(
            () => (this.reconnectMs = RECONNECT_MS),
            () => undefined,
          );
        },
        () => {
          if (!this.stopped) this.reconnectLater();
        },
      );
    }, this.reconnectMs);
    this.reconnectMs = Math.min(2 * this.reconnectMs, RECONNECT_MOST_MS);
  }

  private resync(): Promise<void> {
    return Promise.all(this.subscribers.map((subscriber) => this.enqueue(() => subscriber.onResync()))).then(() => this.onResynced());
  }

  /** Runs one re-read after the others. One that fails means the database left again: dropping the connection starts over with a full re-read. */
  private enqueue(task: () => Promise<void>): Promise<void> {
    const run = this.work.then(task);
    this.work = run.catch((error: unknown) => {
      if (this.stopped) return;
      this.log.error('could not re-read configuration; starting over', { component: 'change-feed', err: error });
      if (this.client) this.lost(this.client);
    });
    return run;
  }
}

/** Closes the connection without waiting: a server that hangs would never answer the goodbye, nor let the process end. */
function hangUp(client: pg.Client): void {
  client.end().catch(() => undefined);
  setTimeout(() => (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy(), 1_000).unref();
}
