import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { Outbox } from '../../src/contracts/outbox.js';
import { RetentionWindows } from '../../src/contracts/retention-windows.js';
import { Clock, SystemClock, utcDayAfter } from '../../src/kernel/clock.js';
import { newId, type OperatorId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { Settings } from '../../src/platform/config/settings.js';
import { ChangeFeed } from '../../src/platform/database/change-feed.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { PermissionGuard } from '../../src/platform/http/access.guard.js';
import { ControlPlaneHttpModule } from '../../src/platform/http/control-plane-http.module.js';
import { configureControlPlane, fastifyOptions } from '../../src/platform/http/control-plane.js';
import { OutboundAddresses } from '../../src/platform/http/outbound-address.js';
import { PERMISSIONS, type Permission } from '../../src/platform/http/permissions.js';
import type { OperatorPrincipal } from '../../src/platform/http/principal.js';
import { KeyManagementService } from '../../src/platform/kms/key-management-service.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { PostgresOutbox } from '../../src/platform/queue/postgres-outbox.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { fixedWindows } from './windows.js';

export type Answer = Awaited<ReturnType<NestFastifyApplication['inject']>>;

interface Surroundings {
  readonly databaseUrl: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly windows: RetentionWindows;
  readonly kms: KeyManagementService;
}

@Module({})
class SurroundingsModule {
  static of({ databaseUrl, log, clock, settings, windows, kms }: Surroundings): DynamicModule {
    const session = sessionAs('lethe_app', { statementMs: 10_000, connectMs: 5_000 });
    return {
      module: SurroundingsModule,
      global: true,
      imports: [
        TelemetryModule.forRoot({ log, metrics: { clock, processMetrics: false }, exposeMetrics: false }),
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: databaseUrl,
          autoLoadEntities: true,
          retryAttempts: 0,
          extra: { max: 8, ...session },
        }),
        ControlPlaneHttpModule,
      ],
      providers: [
        { provide: Settings, useValue: settings },
        { provide: RetentionWindows, useValue: windows },
        { provide: Clock, useValue: clock },
        { provide: KeyManagementService, useValue: kms },
        { provide: UnitOfWork, useClass: TypeOrmUnitOfWork },
        { provide: ChangeFeed, useValue: new ChangeFeed({ connectionString: databaseUrl }, log) },
        { provide: Outbox, useValue: new PostgresOutbox(clock) },
        { provide: OutboundAddresses, useValue: new OutboundAddresses(['127.0.0.0/8']) },
        { provide: APP_GUARD, useClass: PermissionGuard },
      ],
      exports: [Settings, Clock, RetentionWindows, KeyManagementService, UnitOfWork, ChangeFeed, Outbox, OutboundAddresses],
    };
  }
}

export interface ConfigurationOptions {
  readonly settings?: Partial<Settings>;
  readonly clock?: Clock;
  readonly windows?: RetentionWindows;
  /** Stands between Lethe and its keeper of root keys, which is an outside party here. */
  readonly kms?: (local: LocalRootKey) => KeyManagementService;
}

/** Modules of the control plane on a database and a root key of their own, called as an operator who may do everything. */
export class ConfigurationApp {
  readonly operator: OperatorPrincipal = {
    kind: 'operator',
    id: newId<OperatorId>(),
    permissions: new Set(Object.keys(PERMISSIONS) as Permission[]),
    reach: 'everywhere',
    duty: null,
  };

  /** The superuser's own connections, past row-level security. */
  readonly owner: pg.Pool;

  private constructor(
    readonly app: NestFastifyApplication,
    readonly database: TestDatabase,
    /** Everything that was logged. */
    readonly lines: readonly string[],
    private readonly directory: string,
  ) {
    this.owner = new pg.Pool({ connectionString: database.url, max: 1 });
    // A pool answers that it has ended before its sockets are closed, and the database is dropped under them.
    this.owner.on('error', () => undefined);
  }

  static async start(modules: readonly (Type | DynamicModule)[], options: ConfigurationOptions = {}): Promise<ConfigurationApp> {
    const database = await createTestDatabase();
    const directory = mkdtempSync(join(tmpdir(), 'lethe-configuration-'));
    const lines: string[] = [];
    const log = Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
    const clock = options.clock ?? new SystemClock();
    const settings = Object.assign(new Settings(), options.settings);
    const windows = options.windows ?? fixedWindows();
    const local = new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: true });
    const surroundings = { databaseUrl: database.url, log, clock, settings, windows, kms: options.kms?.(local) ?? local };
    @Module({ imports: [SurroundingsModule.of(surroundings), ...modules] })
    class Root {}
    const app = await NestFactory.create<NestFastifyApplication>(Root, new FastifyAdapter(fastifyOptions(100_000)), {
      logger: false,
      abortOnError: false,
    });
    const started = new ConfigurationApp(app, database, lines, directory);
    await started.owner.query(`SELECT create_expiry_partition('audit_event', day::date) FROM unnest($1::text[]) day`, [
      [0, 1].map((later) => utcDayAfter(clock.nowMs(), windows.days('audit_log', null) + later)),
    ]);
    await configureControlPlane(app, { development: true, corsOrigins: [] });
    // Stands in for authentication, which app/ binds.
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, _reply, done) => {
        Object.assign(request, { user: started.operator });
        done();
      });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await app.get(ChangeFeed).start();
    return started;
  }

  get rootKeyPath(): string {
    return join(this.directory, 'root-key.json');
  }

  get unitOfWork(): UnitOfWork {
    return this.app.get(UnitOfWork);
  }

  get<T>(token: abstract new (...parameters: never[]) => T): T {
    return this.app.get<T>(token as Type<T>, { strict: false });
  }

  request(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
    return this.app.inject({ method, url: `/api/v1${path}`, ...(body ? { payload: body } : {}) });
  }

  async organisation(kind: 'customer' | 'operator' = 'customer'): Promise<OrganisationId> {
    const id = newId<OrganisationId>();
    await this.owner.query(`INSERT INTO organisation VALUES ($1, $2, 'Acme', $3, 'active', now(), now())`, [id, `o-${id}`, kind]);
    return id;
  }

  async project(organisationId: OrganisationId): Promise<ProjectId> {
    const id = newId<ProjectId>();
    await this.owner.query(`INSERT INTO project VALUES ($1, $2, $3, 'active', now(), now())`, [id, organisationId, `p-${id}`]);
    return id;
  }

  /** Returns when `condition` holds; fails when it does not within two seconds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + 2_000;
    while (!(await condition())) {
      if (Date.now() > end) throw new Error('the condition did not come to hold within 2 seconds');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async stop(): Promise<void> {
    await this.get(ChangeFeed).stop();
    await this.app.close();
    await this.owner.end();
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
