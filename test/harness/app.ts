import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import pg from 'pg';
import { expect } from 'vitest';
import { Lethe } from '../../src/app/lethe.js';
import type { Clock } from '../../src/kernel/clock.js';
import { type CredentialId, newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { KeyAdministration, type NewApiKey, OperatorAdministration } from '../../src/modules/auth/auth.contract.js';
import { CredentialAdministration } from '../../src/modules/credentials/credentials.contract.js';
import { type NewRoute, RouteAdministration, RoutePlanner } from '../../src/modules/routing/routing.contract.js';
import { OrganisationAdministration } from '../../src/modules/tenants/tenants.contract.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import type { Log } from '../../src/platform/telemetry/logger.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { startUpstream, type Upstream } from './upstream/server.js';

const ACTOR = { kind: 'system', id: 'test' } as const;

export interface TestLetheOptions {
  /** Settings as environment variables, over the harness's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The database to use instead of a fresh one; the caller drops it. For several replicas, and for servers a test stops. */
  readonly databaseUrl?: string;
  readonly upstream?: Upstream;
  /** For tests that live through days. */
  readonly clock?: Clock;
  /** Where the process logs to; nowhere unless told. */
  readonly log?: Log;
}

/** An organisation with a project, an upstream, a route for every model and a key: what a call needs. */
export interface TestTenant {
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly credentialId: CredentialId;
  readonly key: string;
  readonly keyId: string;
}

/** What the admin API answered. */
export interface ApiAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A running Lethe on a database and an upstream of its own, in this process. */
export class TestLethe {
  private tenants = 0;

  private constructor(
    readonly lethe: Lethe,
    readonly upstream: Upstream,
    readonly operatorToken: string,
    private readonly parts: {
      readonly database: TestDatabase | null;
      readonly ownUpstream: boolean;
      readonly directory: string;
      readonly owner: pg.Pool;
      readonly databaseUrl: string;
    },
  ) {}

  static async start(options: TestLetheOptions = {}): Promise<TestLethe> {
    const database = options.databaseUrl === undefined ? await createTestDatabase() : null;
    const url = options.databaseUrl ?? (database as TestDatabase).url;
    const upstream = options.upstream ?? (await startUpstream({ keepBodies: true }));
    const directory = mkdtempSync(join(tmpdir(), 'lethe-app-'));
    const settings = loadSettings({
      DATABASE_URL: url,
      LETHE_PORT: '0',
      LETHE_DATA_DIR: directory,
      LETHE_BOOTSTRAP: 'never',
      LETHE_STAND_IN_URL: upstream.url,
      LETHE_LOG_LEVEL: 'silent',
      LETHE_ROLES: 'api,gateway',
      LETHE_SHUTDOWN_SECONDS: '1',
      LETHE_SIGN_IN_METHODS: 'password,email_link,oidc,saml,webauthn',
      ...options.environment,
    });
    const lethe = await Lethe.start(settings, {
      ...(options.log ? { log: options.log } : {}),
      ...(options.clock ? { clock: options.clock } : {}),
    });
    const operators = lethe.get(OperatorAdministration);
    const name = `tester-${process.pid}-${Math.random().toString(36).slice(2)}`;
    const { token } = await operators.createOperator(name, ACTOR);
    const owner = new pg.Pool({ connectionString: url, max: 2 });
    owner.on('error', () => undefined);
    return new TestLethe(lethe, upstream, token, {
      database,
      ownUpstream: options.upstream === undefined,
      directory,
      owner,
      databaseUrl: url,
    });
  }

  get url(): string {
    return this.lethe.url;
  }

  /** The superuser's. */
  get databaseUrl(): string {
    return this.parts.databaseUrl;
  }

  get directory(): string {
    return this.parts.directory;
  }

  async stop(): Promise<void> {
    await this.lethe.stop();
    if (this.parts.ownUpstream) await this.upstream.close();
    await this.parts.owner.end();
    await this.parts.database?.drop();
    rmSync(this.parts.directory, { recursive: true, force: true });
  }

  /** An organisation of the test's own. `secret` is the upstream key its calls carry. */
  async tenant(
    options: { readonly secret?: string; readonly route?: boolean; readonly key?: Partial<NewApiKey> } = {},
  ): Promise<TestTenant> {
    this.tenants += 1;
    const organisations = this.lethe.get(OrganisationAdministration);
    const slug = `t${this.tenants}-${Math.random().toString(36).slice(2, 10)}`;
    const { id: organisationId } = await organisations.createOrganisation({ slug, name: slug, kind: 'customer' }, ACTOR);
    const { id: projectId } = await organisations.createProject({ organisationId, name: 'default' }, ACTOR);
    const credentialId = await this.credential(organisationId, options.secret ?? 'sk-upstream-test-0001');
    if (options.route !== false) await this.route(organisationId, { model: '*', targets: [{ credentialId }] });
    const made = await this.lethe.get(KeyAdministration).createKey(
      {
        organisationId,
        projectId,
        name: 'test',
        scopes: ['inference:invoke', 'usage:read'],
        expiresAt: null,
        allowedNetworks: [],
        ...options.key,
      },
      ACTOR,
    );
    return { organisationId, projectId, credentialId, key: made.secret, keyId: made.key.id };
  }

  async credential(organisationId: OrganisationId, secret: string): Promise<CredentialId> {
    const name = `upstream ${Math.random().toString(36).slice(2)}`;
    const { id } = await this.lethe.get(CredentialAdministration).issue(ACTOR, organisationId, { name, provider: 'stand_in', secret });
    return id;
  }

  async route(organisationId: OrganisationId, route: NewRoute): Promise<void> {
    await this.lethe.get(RouteAdministration).create(ACTOR, organisationId, route);
    await this.untilRouted(organisationId, route);
  }

  /** Waits until budgets, limits and prices written a moment ago have reached this process's memory, on a busy machine too. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  private async untilRouted(organisationId: OrganisationId, route: NewRoute): Promise<void> {
    const planner = this.lethe.get(RoutePlanner);
    const caller = { organisationId, projectId: route.projectId ?? newId<ProjectId>() };
    for (let tries = 0; tries < 1_000; tries += 1) {
      const plan = planner.plan(caller, route.model.replace('*', 'any'));
      if (plan?.pattern === route.model && plan.targets.length === route.targets.length) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('the route did not reach the memory of this process');
  }

  /** The admin API, as the operator unless told otherwise. */
  async api<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    token: string | null = this.operatorToken,
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  /** A raw chat call. A string or Buffer body goes as it is. */
  chat(tenant: { readonly key: string }, body: unknown, init: RequestInit = {}): Promise<Response> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    return fetch(`${this.url}/v1/chat/completions`, {
      method: 'POST',
      body: (isRaw ? body : JSON.stringify(body)) as NonNullable<RequestInit['body']>,
      ...init,
      headers: {
        authorization: `Bearer ${tenant.key}`,
        'content-type': 'application/json',
        ...(init.headers as Record<string, string> | undefined),
      },
    });
  }

  openai(tenant: { readonly key: string }, options: { readonly maxRetries?: number } = {}): OpenAI {
    return new OpenAI({ baseURL: `${this.url}/v1`, apiKey: tenant.key, maxRetries: options.maxRetries ?? 0 });
  }

  /** Rows as the database owner sees them, past every policy. */
  async rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.parts.owner.query<T>(sql, [...values])).rows;
  }

  /** The ledger's records of a tenant, oldest first, once there are `count` of them and no intent is left. */
  async records(tenant: { readonly organisationId: string }, count: number): Promise<CallRow[]> {
    let rows: CallRow[] = [];
    await expect
      .poll(
        async () => {
          rows = await this.rows<CallRow>(
            'SELECT *, cost::text, started_at::text FROM call_record WHERE organisation_id = $1 ORDER BY id',
            [tenant.organisationId],
          );
          const open = await this.rows('SELECT 1 FROM call_intent WHERE organisation_id = $1', [tenant.organisationId]);
          return { records: rows.length, open: open.length };
        },
        { timeout: 10_000, interval: 20 },
      )
      .toEqual({ records: count, open: 0 });
    return rows;
  }
}

/** A row of `call_record` as the driver reads it. */
export interface CallRow {
  readonly id: string;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly finish_reason: string | null;
  readonly usage_source: string;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly cost: string | null;
  readonly price_source: string | null;
  readonly requested_model: string;
  readonly upstream_model: string | null;
  readonly client_request_id: string | null;
  readonly upstream_request_id: string | null;
  readonly first_token_ms: number | null;
  readonly stream: boolean;
  readonly attempts: readonly {
    readonly credentialId: string;
    readonly outcome: string;
    readonly reason: string;
    readonly status: number | null;
  }[];
}
