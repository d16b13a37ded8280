import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { kernelErrors } from '../../kernel/errors.js';
import type { Log } from '../telemetry/logger.js';
import type { QueueOptions } from './queue-options.js';
import { connectionConfig } from './queue-pool.js';
import { Trouble } from './trouble.js';

const CONNECT_TRIES = 100;

/** A name held by this process alone. `lost` fires when the database connection that holds it is gone, and the name with it. */
export interface HeldName {
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * One long-lived database connection with two duties: it hears of new outbox rows, and it holds names across all replicas
 * (advisory locks, which the server frees by itself when a process dies). It reconnects for ever.
 * It needs a direct connection: a pooler that hands a session from one client to another breaks both.
 */
export class QueueSession {
  private readonly stopped = new AbortController();
  private readonly held = new Set<string>();
  private client: pg.Client | undefined;
  private lost = new AbortController();
  private running: Promise<void> | undefined;
  private lastAnswer: Promise<unknown> = Promise.resolve();
  private readonly trouble: Trouble;

  constructor(
    private readonly options: Pick<QueueOptions, 'postgres' | 'prefix'>,
    log: Log,
    private readonly reconnectMs: number,
    private readonly onEvents: () => void,
  ) {
    this.trouble = new Trouble({
      begins: (error) => log.warn('the queue has no database session; connecting until it has one', { err: error }),
      ends: () => log.info('the queue has its database session again'),
    });
  }

  start(): void {
    this.running ??= this.stayConnected();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.lost.abort();
    await this.running;
  }

  /** Takes `name` if no one in any process has it. Rejects with `lethe/unavailable` when there is no connection for 10 s. */
  async hold(name: string): Promise<HeldName | undefined> {
    const client = await this.connected();
    // A session may take its own lock twice, so the process looks at its own list first.
    if (this.held.has(name)) return undefined;
    this.held.add(name);
    const lost = this.lost.signal;
    const key = [`lethe:${this.options.prefix}`, name];
    try {
      const { rows } = await this.ask(client, 'SELECT pg_try_advisory_lock(hashtext($1), hashtext($2)) AS taken', key);
      if (rows[0]?.taken === true) return { lost, release: () => this.release(client, name, key) };
      this.held.delete(name);
      return undefined;
    } catch (error) {
      this.held.delete(name);
      throw error;
    }
  }

  private async connected(): Promise<pg.Client> {
    for (let tries = 0; !this.client && tries < CONNECT_TRIES; tries += 1) {
      await sleep(100, undefined, { signal: this.stopped.signal });
    }
    if (!this.client) throw kernelErrors.unavailable();
    return this.client;
  }

  private async release(client: pg.Client, name: string, key: string[]): Promise<void> {
    try {
      await this.ask(client, 'SELECT pg_advisory_unlock(hashtext($1), hashtext($2))', key);
    } catch {
      // The connection is gone, and the server has freed the lock with it.
    } finally {
      this.held.delete(name);
    }
  }

  /** One question at a time: jobs that begin together share the connection. */
  private ask(client: pg.Client, text: string, values: string[]): Promise<pg.QueryResult<{ taken?: boolean }>> {
    const answer = this.lastAnswer.then(() => client.query<{ taken?: boolean }>(text, values));
    this.lastAnswer = answer.catch(() => undefined);
    return answer;
  }

  private async stayConnected(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      try {
        await this.session();
      } catch (error) {
        this.trouble.noticed(error);
      }
      await sleep(this.reconnectMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }

  /** One connection from start to end; rejects when it breaks, resolves when the session is stopped. */
  private async session(): Promise<void> {
    const client = new pg.Client({ ...connectionConfig(this.options.postgres), application_name: 'lethe-queue-session' });
    const ended = new Promise<void>((resolve, reject) => {
      client.once('error', reject);
      this.stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    ended.catch(() => undefined);
    client.on('error', () => undefined);
    client.on('notification', () => this.onEvents());
    try {
      await client.connect();
      await client.query('LISTEN lethe_outbox');
      this.lost = new AbortController();
      this.client = client;
      this.trouble.over();
      // Rows committed while nobody listened are announced by no one.
      this.onEvents();
      await ended;
    } finally {
      this.client = undefined;
      this.lost.abort();
      await client.end().catch(() => undefined);
    }
  }
}
