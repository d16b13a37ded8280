import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DiscoveryService } from '@nestjs/core';
import { Lethe } from '../../../app/lethe.js';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { PolicyProfile } from '../../../contracts/policy-profile.js';
import { OperatorAdministration } from '../../../modules/auth/auth.contract.js';
import { loadSettings } from '../../../platform/config/load-settings.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { CLI_ACTOR } from '../../installation.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { BackupArchive } from '../../../modules/backups/core/archive/backup-archive.js';
import { backedUpRows } from '../stores/backups.js';
import { clusterStores, each, filesIn } from '../stores/cluster-files.js';
import { redisKeys } from '../stores/redis-store.js';
import type { Store, StoreGroup } from '../stores/store.js';
import { tableStore } from '../stores/tables.js';
import { withoutPageHeaders } from '../stores/wal-pages.js';
import { OutsideWorld } from './outside-world.js';
import { RunFolder } from './run-folder.js';
import { ThrowAwayPostgres } from './throw-away-postgres.js';
import { ThrowAwayRedis } from './throw-away-redis.js';
import { TravelClock } from './travel-clock.js';

export interface InstanceOptions {
  /** A profile's name, or the path of its file. */
  readonly profile: string;
  readonly redis: boolean;
  readonly book: CanaryBook;
}

/** A whole installation of Lethe for one run, with its stores, its peers and a clock that can be moved. Everything of it is gone after `stop`. */
export class CanaryInstance {
  private constructor(
    readonly lethe: Lethe,
    readonly clock: TravelClock,
    readonly world: OutsideWorld,
    private readonly parts: {
      readonly operatorToken: string;
      readonly secondToken: string;
      readonly postgres: ThrowAwayPostgres;
      readonly redis: ThrowAwayRedis | null;
      readonly data: string;
      readonly lines: Buffer[];
      readonly undo: Undo[];
    },
  ) {}

  static async start({ profile, redis, book }: InstanceOptions): Promise<CanaryInstance> {
    const undo: Undo[] = [];
    try {
      const clock = new TravelClock();
      const folder = RunFolder.claim();
      undo.push(folder.discard);
      const data = folder.make('data');
      const postgres = await ThrowAwayPostgres.start(folder);
      undo.push(() => postgres.stop());
      const ownRedis = redis ? await ThrowAwayRedis.start(folder) : null;
      if (ownRedis) undo.push(() => ownRedis.stop());
      const said = {
        answer: book.word('output'),
        toolArguments: book.word('output tool call'),
        error: book.word('upstream error'),
        requestId: book.word('upstream request id'),
      };
      const world = await OutsideWorld.open(said, clock);
      undo.push(() => world.close());
      const lines: Buffer[] = [];
      const log = Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(Buffer.from(line)) } });
      const settings = loadSettings(environment({ profile, data, world, databaseUrl: postgres.url, redisUrl: ownRedis?.url }));
      const lethe = await Lethe.start(settings, { clock, log });
      undo.push(() => lethe.stop());
      const operators = lethe.get(OperatorAdministration);
      const [operatorToken, secondToken] = [
        (await operators.createOperator('canary', CLI_ACTOR)).token,
        (await operators.createOperator('second canary', CLI_ACTOR)).token,
      ];
      return new CanaryInstance(lethe, clock, world, { operatorToken, secondToken, postgres, redis: ownRedis, data, lines, undo });
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  /** Of an administrator, who may ask everything. */
  get operatorToken(): string {
    return this.parts.operatorToken;
  }

  /** Of another administrator, for what takes two. */
  get secondToken(): string {
    return this.parts.secondToken;
  }

  get profile(): PolicyProfile {
    return this.lethe.get(PolicyProfile);
  }

  get dataDirectory(): string {
    return this.parts.data;
  }

  /** Rows as the database's owner sees them, past every policy. */
  async rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.parts.postgres.owner.query(sql, [...values])).rows as T[];
  }

  /**
   * One round of everything the worker does by itself, each job under the lock that keeps two workers from it. Answers the names of the jobs that
   * failed.
   */
  async runJobs(): Promise<string[]> {
    let failed = new Map<RecurringJob, string>();
    // A round that fails is tried again at the next tick; here that is at once.
    for (let round = 0, jobs: Iterable<RecurringJob> = this.jobs(); round < ROUNDS; round += 1, jobs = failed.keys()) {
      const trying = [...jobs];
      failed = new Map();
      for (const job of trying) {
        const failure = await this.runJob(job);
        if (failure !== null) failed.set(job, failure);
      }
    }
    await this.quiet();
    return [...failed].map(([job, failure]) => `${job.name}: ${failure}`);
  }

  /** Null, or why it failed. */
  private async runJob(job: RecurringJob): Promise<string | null> {
    const client = await this.parts.postgres.owner.connect();
    const key = ['lethe:lethe', job.name];
    try {
      await client.query('SELECT pg_advisory_lock(hashtext($1), hashtext($2))', key);
      await job.run(AbortSignal.timeout(JOB_MS));
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      await client.query('SELECT pg_advisory_unlock(hashtext($1), hashtext($2))', key).catch(() => undefined);
      client.release();
    }
  }

  /** Waits until the outbox is empty and no mail waits to be sent. */
  async quiet(): Promise<void> {
    await this.until('the outbox and the mail queue are empty', async () => {
      const [waiting] = await this.rows<{ count: number }>(
        `SELECT (SELECT count(*) FROM outbox_event) + (SELECT count(*) FROM outgoing_mail) AS count`,
      );
      return Number(waiting?.count) === 0;
    });
  }

  /** Waits until what is kept of calls is in the database: until nothing has been added for a while. */
  async contentWritten(): Promise<void> {
    let before = -1;
    await this.until('what is kept of calls has been written', async () => {
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      const [kept] = await this.rows<{ count: string }>(
        `SELECT (SELECT count(*) FROM call_payload) + (SELECT count(*) FROM call_failed_input)
           + (SELECT count(*) FROM call_granted_content) AS count`,
      );
      const isSettled = Number(kept?.count) === before;
      before = Number(kept?.count);
      return isSettled;
    });
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`it did not come true within ${WAIT_MS / 1000} s that ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Every place bytes may be in, with what is in them now. */
  async stores(): Promise<Store[]> {
    const { postgres, redis, data } = this.parts;
    await postgres.writeOut();
    this.ageArchive();
    await redis?.writeOut();
    const store = (name: string, group: StoreGroup, pieces: Store['pieces'], outlivesDays = 0): Store => ({
      name,
      group,
      outlivesDays,
      pieces,
    });
    const bytes = (name: string, group: StoreGroup, read: () => Promise<Buffer> | Buffer): Store =>
      store(name, group, async function* () {
        yield { location: name, source: { bytes: await read() } };
      });
    const backupDays = Math.max(...Object.values(this.profile.windows.backup.days));
    return [
      ...(await clusterStores(postgres.data, postgres.owner)),
      { ...store('archived WAL', 'database', () => filesIn(postgres.archive), backupDays), unwrap: withoutPageHeaders },
      tableStore(postgres.owner),
      store('backups, opened', 'database', () => backedUpRows(this.lethe.get(BackupArchive)), backupDays),
      store('server log', 'telemetry', () => each([{ location: 'postgres.log', source: { file: postgres.log } }])),
      ...(redis
        ? [store('Redis keys', 'queue', () => redisKeys(redis.client)), store('Redis dump and log', 'queue', () => filesIn(redis.folder))]
        : []),
      store('sent mail', 'mail', () => filesIn(join(data, MAIL_FOLDER))),
      store('data folder', 'files', () => filesBut(data, MAIL_FOLDER)),
      bytes('log', 'telemetry', () => Buffer.concat(this.parts.lines)),
      bytes('metrics', 'metrics', () => this.metrics()),
      bytes('traces', 'telemetry', () => this.world.heardBy('traces')),
      bytes('provider', 'provider', () => this.world.heardBy('provider')),
      bytes('webhook receiver', 'webhooks', () => this.world.heardBy('webhooks')),
      bytes('identity providers', 'identity_providers', () => this.world.heardBy('identity providers')),
    ];
  }

  async stop(): Promise<void> {
    await undoAll(this.parts.undo);
  }

  private jobs(): RecurringJob[] {
    const instances = this.lethe
      .get(DiscoveryService)
      .getProviders()
      .map(({ instance }) => instance as unknown);
    const jobs = new Set(instances.filter((instance): instance is RecurringJob => instance instanceof RecurringJob));
    // What runs seldom comes last: it cleans up behind the others.
    return [...jobs].sort((a, b) => a.everySeconds - b.everySeconds || (a.name < b.name ? -1 : 1));
  }

  private async metrics(): Promise<Buffer> {
    return Buffer.from(await (await fetch(`${this.lethe.url}/metrics`)).arrayBuffer());
  }

  /**
   * The archive of WAL belongs to the operator, who is told to keep it as long as backups and no longer. The day a segment was archived on is told
   * by the clock that is moved.
   */
  private ageArchive(): void {
    const { postgres } = this.parts;
    const days = Math.max(...Object.values(this.profile.windows.backup.days));
    for (const name of readdirSync(postgres.archive)) {
      const archivedOn = this.archivedOn.get(name) ?? this.clock.day;
      this.archivedOn.set(name, archivedOn);
      if (this.clock.day > archivedOn + days) rmSync(join(postgres.archive, name), { force: true });
    }
  }

  private readonly archivedOn = new Map<string, number>();
}

type Undo = () => Promise<void> | void;

/** Where the mail goes of an installation without a mail server. */
export const MAIL_FOLDER = 'outbox-mail';
const JOB_MS = 120_000;
const ROUNDS = 3;
const WAIT_MS = 30_000;
const SETTLED_MS = 500;

async function undoAll(undo: Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the throw-away instance was not taken down whole');
}

async function* filesBut(folder: string, excluded: string): ReturnType<typeof filesIn> {
  for await (const piece of filesIn(folder)) if (!piece.location.startsWith(`${excluded}/`)) yield piece;
}

function environment(given: {
  readonly profile: string;
  readonly data: string;
  readonly world: OutsideWorld;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
}): NodeJS.ProcessEnv {
  return {
    LETHE_PROFILE: given.profile,
    DATABASE_URL: given.databaseUrl,
    LETHE_DATA_DIR: given.data,
    LETHE_PORT: '0',
    LETHE_ROLES: 'api,gateway,worker',
    LETHE_BOOTSTRAP: 'never',
    LETHE_SIGN_UP: 'open',
    LETHE_STAND_IN_URL: `${given.world.url}/v1`,
    LETHE_TRUSTED_PROXIES: '127.0.0.0/8',
    LETHE_PEOPLE_CREATE_ORGANISATIONS: 'true',
    LETHE_UPSTREAM_IDLE_MS: '2000',
    LETHE_SHUTDOWN_SECONDS: '1',
    LETHE_LOG_LEVEL: 'trace',
    LETHE_BACKUP_EVERY_HOURS: '24',
    OTEL_EXPORTER_OTLP_ENDPOINT: given.world.url,
    ...(given.redisUrl === undefined ? {} : { REDIS_URL: given.redisUrl }),
  };
}
