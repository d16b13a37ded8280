import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  Worker,
  type BackendFactory,
  type IQueueBackend,
  type JobProgress,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { requireRedisPrefix } from '../redis/redis-prefixes.js';
import type { QueueOptions } from './queue-options.js';
import { QueuePool } from './queue-pool.js';
import { QUEUE_SCHEMA } from './queue-schema.js';

export type JobQueue = Queue<unknown, null, string, unknown, null, string, IQueueBackend>;
export type JobWorker = Worker<unknown, null, string, IQueueBackend, JobProgress>;
export type JobProcessor = Processor<unknown, null, string>;
export type WorkerSettings = Omit<WorkerOptions, 'connection'>;

/** BullMQ keeps a stream of what happened to which job. Nothing reads it here, so it is kept as short as it lets itself be. */
const EVENTS_KEPT = 1;

/** Where jobs live. Postgres and Redis behave alike; the specs run against both. */
export abstract class QueueStore {
  constructor(
    protected readonly options: QueueOptions,
    protected readonly onTrouble: (error: unknown) => void,
  ) {}

  queue(name: string): JobQueue {
    const settings = { connection: {}, ...this.naming(), streams: { events: { maxLen: EVENTS_KEPT } } };
    return this.watched(new Queue(this.nameOf(name), settings, this.producer()) as JobQueue);
  }

  worker(name: string, processor: JobProcessor, settings: WorkerSettings): JobWorker {
    const all = { connection: {}, ...this.naming(), ...settings };
    return this.watched(new Worker(this.nameOf(name), processor, all, this.consumer()) as JobWorker);
  }

  /** Resolves when the store answers and is set up. */
  abstract ping(): Promise<void>;
  /** Drops the stream of what happened in a queue. */
  abstract forgetEvents(queue: JobQueue): Promise<void>;
  /** Lets go of every connection; jobs still running lose theirs. */
  abstract close(): Promise<void>;

  protected abstract nameOf(name: string): string;
  protected abstract naming(): { prefix?: string };
  protected abstract producer(): BackendFactory<IQueueBackend>;
  protected abstract consumer(): BackendFactory<IQueueBackend>;

  private watched<T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(part: T): T {
    part.on('error', this.onTrouble);
    return part;
  }
}

/** `onTrouble` hears of every failure of every connection, queue and worker: of one outage many times a second. */
export function openStore(options: QueueOptions, onTrouble: (error: unknown) => void): QueueStore {
  const { redisUrl } = options;
  return redisUrl === undefined ? new PostgresStore(options, onTrouble) : new RedisStore(options, onTrouble, redisUrl);
}

class PostgresStore extends QueueStore {
  private readonly pool: QueuePool;

  constructor(options: QueueOptions, onTrouble: (error: unknown) => void) {
    super(options, onTrouble);
    this.pool = new QueuePool(options.postgres);
    this.pool.on('error', this.onTrouble);
  }

  override async ping(): Promise<void> {
    await this.pool.query(`SELECT 1 FROM ${QUEUE_SCHEMA}.migration LIMIT 1`);
  }

  override async forgetEvents(queue: JobQueue): Promise<void> {
    await this.pool.query(`DELETE FROM ${QUEUE_SCHEMA}.event WHERE queue = $1`, [queue.name]);
  }

  override close(): Promise<void> {
    return this.pool.end();
  }

  /** BullMQ's key prefix means nothing in Postgres, where all queues share the tables: it goes into the queue's name. */
  protected override nameOf(name: string): string {
    return `${this.options.prefix}.${name}`;
  }

  protected override naming(): Record<string, never> {
    return {};
  }

  protected override producer(): BackendFactory<IQueueBackend> {
    return (name, settings, part) => createPostgresBackend(name, { ...settings, connection: this.pool }, part);
  }

  protected override consumer(): BackendFactory<IQueueBackend> {
    return this.producer();
  }
}

class RedisStore extends QueueStore {
  /** Fails a command when Redis is away, so that a relay can keep the event in the outbox. */
  private readonly impatient: Redis;
  /** Waits for Redis to come back, as BullMQ demands of a worker's connection. */
  private readonly patient: Redis;

  constructor(options: QueueOptions, onTrouble: (error: unknown) => void, url: string) {
    super(options, onTrouble);
    this.impatient = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy });
    this.patient = new Redis(url, { maxRetriesPerRequest: null, retryStrategy });
    this.impatient.on('error', this.onTrouble);
    this.patient.on('error', this.onTrouble);
  }

  override async ping(): Promise<void> {
    await this.impatient.ping();
  }

  override async forgetEvents(queue: JobQueue): Promise<void> {
    await queue.trimEvents(0);
  }

  override close(): Promise<void> {
    this.impatient.disconnect();
    this.patient.disconnect();
    return Promise.resolve();
  }

  /** BullMQ's keys begin with `<prefix>:<queue>:`, which the inventory knows. */
  protected override nameOf(name: string): string {
    requireRedisPrefix(`${this.options.prefix}:${name}:`);
    return name;
  }

  protected override naming(): { prefix: string } {
    return { prefix: this.options.prefix };
  }

  protected override producer(): BackendFactory<IQueueBackend> {
    return (name, settings, part) => createRedisBackend(name, { ...settings, connection: this.impatient }, part);
  }

  protected override consumer(): BackendFactory<IQueueBackend> {
    return (name, settings, part) => createRedisBackend(name, { ...settings, connection: this.patient }, part);
  }
}

function retryStrategy(attempt: number): number {
  return Math.min(100 * attempt, 1_000);
}
