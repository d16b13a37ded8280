import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errorCode } from '../../kernel/errors.js';
import { failureCode } from './failure-code.js';
import type { QueueOptions } from './queue-options.js';
import { QUEUE_SCHEMA } from './queue-schema.js';

/** Two for BullMQ's LISTEN, one a queue keeps for each of its workers; the rest are opened when needed. */
const POOL_SIZE = 6;
const SLOW_DOWN_MS = 250;

/** Connection settings of the queue's own database role. */
export function connectionConfig(postgres: QueueOptions['postgres']): pg.ClientConfig {
  const role = postgres.role === undefined ? '' : ` -c role=${postgres.role}`;
  return {
    connectionString: postgres.url,
    options: `-c search_path=${QUEUE_SCHEMA}${role}`,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    application_name: 'lethe-queue',
  };
}

/**
 * The one pool all queues and workers of a process share, in the shape BullMQ asks for.
 *
 * BullMQ waits before it tries again only after an error that says ECONNREFUSED; after any other (a missing socket, a server
 * starting up, a revoked grant) it tries again at once and for ever. So a failed connect is reported as that one, and a
 * failed query comes back late.
 */
export class QueuePool {
  private readonly pool: pg.Pool;

  constructor(postgres: QueueOptions['postgres']) {
    this.pool = new pg.Pool({ ...connectionConfig(postgres), max: POOL_SIZE });
    // The pool listens for errors of idle connections only; one that breaks while checked out would end the process.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** BullMQ reads `keepAlive` here to decide how long it may trust a silent connection. */
  get options(): { keepAlive?: boolean } {
    return { keepAlive: this.pool.options.keepAlive };
  }

  async query(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    const client = await this.connect();
    let failure: unknown;
    try {
      return await client.query(text, values);
    } catch (error) {
      failure = error;
      if (!isVerdict(error)) await sleep(SLOW_DOWN_MS);
      throw error;
    } finally {
      client.release(failure instanceof Error && !('severity' in failure && failure.severity === 'ERROR') ? true : undefined);
    }
  }

  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw Object.assign(new Error(`ECONNREFUSED: the queue's database (${failureCode(error)})`), { code: 'ECONNREFUSED' });
    }
  }

  on(event: 'error' | 'connect', listener: (argument: never) => void): this {
    this.pool.on(event as 'error', listener as (error: Error) => void);
    return this;
  }

  removeAllListeners(event?: string): this {
    this.pool.removeAllListeners(event as 'error');
    return this;
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}

/** BullMQ's functions raise BM001 to answer "no such job" or "not your lock": an answer, not trouble. */
function isVerdict(error: unknown): boolean {
  return errorCode(error) === 'BM001';
}
