// An installation of several processes: one for the admin API and the jobs, and replicas of the gateway that a test may kill.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Program, startLethe, startStandIn } from './process.ts';

/** The least a setting allows, so that a test does not wait long for the reaper. */
const INSTANCE_TIMEOUT_SECONDS = 3;

export interface ClusterOptions {
  readonly databaseUrl: string;
  readonly replicas?: number;
  /** What the process beside the replicas does; `api` among it. */
  readonly deskRoles?: string;
  /** Over the harness's own settings, for every process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** See `upstream/main.ts`. */
  readonly standIn?: readonly string[];
}

/** An organisation with a project, a key and an upstream. */
export interface ClusterTenant {
  readonly organisationId: string;
  readonly projectId: string;
  readonly credentialId: string;
  readonly key: string;
}

/** US dollars, as the API takes them. */
export interface Price {
  readonly inputPerMillion: string;
  readonly cachedInputPerMillion?: string;
  readonly outputPerMillion: string;
  readonly perRequest?: string;
}

/** A line of the stand-in's log: a call when it came in, or when it ended. */
export interface LogLine {
  readonly event: 'received' | 'ended';
  readonly sequence: number;
  readonly path?: string;
  readonly clientRequestId?: string;
  readonly requestId: string;
  readonly outcome?: string;
  readonly generated?: { readonly promptTokens: number; readonly completionTokens: number };
  readonly reported?: { readonly prompt_tokens_details: { readonly cached_tokens: number } };
}

export class Cluster {
  /** Replicas of the gateway; one that is killed stays in its place until it is started again. */
  readonly replicas: Program[] = [];
  readonly #desk: Program;
  readonly #standIn: Program;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #owner: pg.Pool;
  /** The first operator's, who may do everything. */
  readonly operatorToken: string;

  private constructor(parts: {
    desk: Program;
    standIn: Program;
    folder: string;
    environment: Readonly<Record<string, string>>;
    owner: pg.Pool;
  }) {
    this.#desk = parts.desk;
    this.#standIn = parts.standIn;
    this.#folder = parts.folder;
    this.#environment = parts.environment;
    this.#owner = parts.owner;
    this.operatorToken = (
      JSON.parse(readFileSync(join(parts.folder, 'data', 'bootstrap.json'), 'utf8')) as { operatorToken: string }
    ).operatorToken;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-cluster-'));
    const standIn = await startStandIn('--log', join(folder, 'upstream.jsonl'), ...(options.standIn ?? []));
    const environment = {
      DATABASE_URL: options.databaseUrl,
      LETHE_PORT: '0',
      LETHE_DATA_DIR: join(folder, 'data'),
      LETHE_STAND_IN_URL: standIn.address,
      LETHE_LOG_LEVEL: 'warn',
      LETHE_INSTANCE_TIMEOUT_SECONDS: String(INSTANCE_TIMEOUT_SECONDS),
      ...options.environment,
    };
    const desk = await startLethe({ ...environment, LETHE_ROLES: options.deskRoles ?? 'api,worker' });
    const owner = new pg.Pool({ connectionString: options.databaseUrl, max: 2 });
    // A test may stop the server under it.
    owner.on('error', () => undefined);
    const cluster = new Cluster({ desk, standIn, folder, environment, owner });
    await Promise.all(Array.from({ length: options.replicas ?? 2 }, (_, index) => cluster.startReplica(index)));
    return cluster;
  }

  /** The settings of a replica, for one that is to be started by hand. */
  get environment(): Readonly<Record<string, string>> {
    return { ...this.#environment, LETHE_ROLES: 'gateway', LETHE_BOOTSTRAP: 'never' };
  }

  get dataDirectory(): string {
    return join(this.#folder, 'data');
  }

  /** Where the admin API answers. */
  get adminAddress(): string {
    return this.#desk.address;
  }

  /** Everything that the processes logged and printed. */
  get output(): string {
    return [this.#desk, ...this.replicas].map((program) => program.output).join('');
  }

  /** Base URLs of the replicas that run. */
  addresses(): string[] {
    return this.replicas.filter((replica) => replica?.isRunning).map((replica) => replica.address);
  }

  replica(index: number): Program {
    const replica = this.replicas[index];
    if (!replica) throw new Error(`there is no replica ${index}`);
    return replica;
  }

  async startReplica(index: number, environment: Readonly<Record<string, string>> = {}): Promise<Program> {
    const replica = await startLethe({ ...this.environment, ...environment });
    this.replicas[index] = replica;
    return replica;
  }

  /** Asks the admin API as the operator. Throws when the answer is no success. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.#desk.address}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.operatorToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** An organisation whose every model leads to the stand-in, at the prices given. */
  async tenant(prices: Readonly<Record<string, Price>>): Promise<ClusterTenant> {
    const slug = `t-${Math.random().toString(36).slice(2)}`;
    const { id: organisationId } = await this.ask<{ id: string }>('POST', '/organisations', { slug, name: slug });
    const at = `/organisations/${organisationId}`;
    const { id: projectId } = await this.ask<{ id: string }>('POST', `${at}/projects`, { name: 'default' });
    const credentialId = await this.credential(organisationId, 'sk-upstream-good');
    await this.ask('POST', `${at}/routes`, { model: '*', targets: [{ credentialId }] });
    for (const [model, price] of Object.entries(prices)) {
      await this.ask('POST', '/price-overrides', { provider: 'stand_in', model, ...price });
    }
    const { secret: key } = await this.ask<{ secret: string }>('POST', `${at}/keys`, {
      name: 'test',
      projectId,
      scopes: ['inference:invoke', 'usage:read'],
    });
    await this.settled();
    return { organisationId, projectId, credentialId, key };
  }

  async credential(organisationId: string, secret: string): Promise<string> {
    const wanted = { name: `upstream ${Math.random().toString(36).slice(2)}`, provider: 'stand_in', secret };
    return (await this.ask<{ id: string }>('POST', `/organisations/${organisationId}/credentials`, wanted)).id;
  }

  /** Puts a hard budget on the organisation and answers its id. */
  async budget(tenant: ClusterTenant, limit: string): Promise<string> {
    const wanted = { scope: 'organisation', kind: 'hard', period: 'total', limit };
    const { id } = await this.ask<{ id: string }>('POST', `/organisations/${tenant.organisationId}/budgets`, wanted);
    await this.settled();
    return id;
  }

  /** Waits until configuration written a moment ago has reached the memory of every replica. */
  async settled(): Promise<void> {
    await sleep(300);
  }

  /** Rows as the database owner sees them, past every policy. */
  async rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.#owner.query<T & pg.QueryResultRow>(sql, [...values])).rows;
  }

  /** What the stand-in wrote down, read from its file. */
  standInLog(): LogLine[] {
    const lines = readFileSync(join(this.#folder, 'upstream.jsonl'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits until every call is settled, by its own gateway or by the reaper, and no replica has a journal that waits to be replayed. */
  async settle(withinMs = 40_000): Promise<void> {
    await until('every journal is replayed', withinMs, async () => {
      const pages = await Promise.all(this.addresses().map(async (address) => (await fetch(`${address}/metrics`)).text()));
      return pages.every((page) => /^lethe_journal_bytes 0$/m.test(page));
    });
    await until('every intent is settled', withinMs, async () => {
      const [open] = await this.rows<{ count: number }>('SELECT count(*)::int AS count FROM call_intent');
      return open?.count === 0;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica?.stop()));
    await this.#desk.stop();
    await this.#standIn.stop();
    await this.#owner.end();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** Waits for a condition; what cannot be asked now counts as not yet. Throws when it does not come true in time. */
export async function until(what: string, withinMs: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`it did not come true within ${withinMs / 1000} s that ${what}`, { cause: last });
}
