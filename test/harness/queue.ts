import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Outbox, OutboxHandler, type OutboxEvent } from '../../src/contracts/outbox.js';
import { RecurringJob } from '../../src/contracts/recurring-job.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import { JobRegistry } from '../../src/platform/queue/job-registry.js';
import type { QueueOptions, QueueTuning } from '../../src/platform/queue/queue-options.js';
import { migrateQueueSchema } from '../../src/platform/queue/queue-schema.js';
import { QueueWorker } from '../../src/platform/queue/queue-worker.js';
import { declareRedisPrefix } from '../../src/platform/redis/redis-prefixes.js';
import { Log } from '../../src/platform/telemetry/logger.js';

export const queueContracts = { outbox: Outbox, handler: OutboxHandler, job: RecurringJob };

/** Waits of seconds instead of minutes. */
const QUICK: Partial<QueueTuning> = {
  attempts: 3,
  backoffMs: 50,
  lockMs: 1_000,
  stalledCheckMs: 500,
  pollMs: 500,
  leaseSeconds: 1,
  reconnectMs: 100,
  shutdownMs: 2_000,
};

export const REDIS_URL = process.env['LETHE_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** Whether a Redis answers; specs that need one are skipped, by name, when none does. */
export async function redisAnswers(url = REDIS_URL): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

export function randomPrefix(): string {
  return `lethe-test-${randomBytes(5).toString('hex')}`;
}

export async function forgetRedisPrefix(prefix: string, url = REDIS_URL): Promise<void> {
  const redis = new Redis(url);
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}

/** Puts BullMQ's tables into a migrated database, as the start of a process does. */
export async function prepareQueueDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // The queue's role must do without: BullMQ's bulk functions would make temporary tables.
    await client.query(`DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$`);
  } finally {
    await client.end();
  }
  await migrateQueueSchema(url, 'lethe_queue');
}

export async function openUnitOfWork(url: string): Promise<{ unitOfWork: TypeOrmUnitOfWork; source: DataSource }> {
  const session = sessionAs('lethe_app', { statementMs: 5_000, connectMs: 5_000 });
  const source = await new DataSource({ type: 'postgres', url, extra: { ...session, max: 4 } }).initialize();
  return { unitOfWork: new TypeOrmUnitOfWork(source), source };
}

/** A finished try of a job as the metrics saw it. */
export type Outcome = readonly [job: string, outcome: string];

export interface TestWorker {
  readonly worker: QueueWorker;
  readonly registry: JobRegistry;
  readonly outcomes: Outcome[];
  readonly lines: string[];
  stop(): Promise<void>;
}

export function makeQueueOptions(given: Omit<QueueOptions, 'contracts' | 'worker'>): QueueOptions {
  if (given.redisUrl !== undefined) for (const queue of ['events', 'recurring', 'long']) declareRedisPrefix(`${given.prefix}:${queue}:`);
  return { ...given, contracts: queueContracts, worker: true, tuning: { ...QUICK, ...given.tuning } };
}

/** A worker outside Nest, with `providers` as its handlers and jobs. Not started. */
export async function makeWorker(options: QueueOptions, url: string, providers: readonly unknown[]): Promise<TestWorker> {
  const { unitOfWork, source } = await openUnitOfWork(url);
  const outcomes: Outcome[] = [];
  const lines: string[] = [];
  const registry = JobRegistry.of(providers, queueContracts);
  const log = Log.open({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  const metrics = { jobFinished: (job: string, outcome: string) => void outcomes.push([job, outcome]) };
  const worker = new QueueWorker(options, registry, { unitOfWork, clock: new SystemClock(), log, metrics });
  const stop = async () => {
    await worker.stop();
    await source.destroy();
  };
  return { worker, registry, outcomes, lines, stop };
}

export class RecordingHandler extends OutboxHandler {
  readonly seen: OutboxEvent['payload'][] = [];

  constructor(
    override readonly topic: string,
    private readonly act: (signal: AbortSignal, payload: OutboxEvent['payload']) => Promise<void> = () => Promise.resolve(),
  ) {
    super();
  }

  override async handle(payload: OutboxEvent['payload'], signal: AbortSignal): Promise<void> {
    this.seen.push(payload);
    await this.act(signal, payload);
  }
}

export class RecordingJob extends RecurringJob {
  rounds = 0;
  atOnce = 0;
  mostAtOnce = 0;

  constructor(
    override readonly name: string,
    override readonly everySeconds: number,
    private readonly act: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    this.rounds += 1;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      await this.act(signal);
    } finally {
      this.atOnce -= 1;
    }
  }
}

/** A TCP relay in front of a server, to be cut: open connections die and new ones are refused. */
export class CuttableProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly target: { readonly host?: string; readonly port?: number; readonly path?: string }) {}

  async open(): Promise<number> {
    const server = createServer((inbound) => {
      const outbound = connect(this.target as never);
      for (const [socket, other] of [
        [inbound, outbound],
        [outbound, inbound],
      ] as const) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    return this.port;
  }

  async cut(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server?.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** One that takes long, as far as the queue knows. */
export class LongJob extends RecordingJob {
  override readonly isLong = true;
}
