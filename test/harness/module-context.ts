import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Outbox } from '../../src/contracts/outbox.js';
import { RetentionWindows } from '../../src/contracts/retention-windows.js';
import { type Clock, SystemClock, Clock as ClockToken } from '../../src/kernel/clock.js';
import { BackupsModule } from '../../src/modules/backups/backups.module.js';
import { CallerAccessGuard } from '../../src/modules/auth/http/caller-access.guard.js';
import { AuditModule } from '../../src/modules/audit/audit.module.js';
import { AuthModule } from '../../src/modules/auth/auth.module.js';
import { HoldsModule } from '../../src/modules/retention/holds.module.js';
import { TenantsModule } from '../../src/modules/tenants/tenants.module.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import { BlobStore } from '../../src/platform/blob/blob-store.js';
import { Settings } from '../../src/platform/config/settings.js';
import { ChangeFeed } from '../../src/platform/database/change-feed.js';
import { DatabaseAddress } from '../../src/platform/database/database-address.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { ControlPlaneHttpModule } from '../../src/platform/http/control-plane-http.module.js';
import { configureControlPlane, fastifyOptions } from '../../src/platform/http/control-plane.js';
import { OutboundAddresses } from '../../src/platform/http/outbound-address.js';
import { KeyManagementService } from '../../src/platform/kms/key-management-service.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { PostgresOutbox } from '../../src/platform/queue/postgres-outbox.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { fixedWindows } from './windows.js';

/** Audit, tenants and auth as one replica runs them, on a database of the test's. */
export interface Replica {
  readonly app: NestFastifyApplication;
  readonly feed: ChangeFeed;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly clock?: Clock;
  /** Connects without waiting for the change feed, as when the database is away at start. */
  readonly withoutFeed?: boolean;
  readonly settings?: Partial<Settings>;
  /** Whatever the replica logs is appended here. */
  readonly log?: string[];
}

@Module({})
class SurroundingsModule {
  static forRoot(databaseUrl: string, directory: string, options: ReplicaOptions): DynamicModule {
    const clock = options.clock ?? new SystemClock();
    const log = Log.open({ level: 'trace', destination: { write: (line: string) => void options.log?.push(line) } });
    const feed = new ChangeFeed({ connectionString: databaseUrl }, log);
    const bounds = { statementMs: 5_000, connectMs: 1_000 };
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
          extra: { max: 10, ...sessionAs('lethe_app', bounds) },
        }),
        ControlPlaneHttpModule,
      ],
      providers: [
        { provide: Settings, useValue: Object.assign(new Settings(), options.settings) },
        { provide: ClockToken, useValue: clock },
        { provide: RetentionWindows, useFactory: fixedWindows },
        { provide: UnitOfWork, useClass: TypeOrmUnitOfWork },
        { provide: ChangeFeed, useValue: feed },
        { provide: KeyManagementService, useValue: new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: true }) },
        { provide: BlobStore, useValue: new BlobFolder(join(directory, 'blobs')) },
        { provide: DatabaseAddress, useValue: new DatabaseAddress(databaseUrl, databaseUrl) },
        { provide: Outbox, useValue: new PostgresOutbox(clock) },
        { provide: OutboundAddresses, useValue: new OutboundAddresses(['127.0.0.0/8']) },
      ],
      exports: [
        Settings,
        ClockToken,
        RetentionWindows,
        UnitOfWork,
        ChangeFeed,
        KeyManagementService,
        BlobStore,
        DatabaseAddress,
        Outbox,
        OutboundAddresses,
      ],
    };
  }
}

/** Starts a replica: `app.get(…)` gives its services, `app.inject(…)` calls its routes. */
export async function startReplica(databaseUrl: string, options: ReplicaOptions = {}): Promise<Replica> {
  const directory = mkdtempSync(join(tmpdir(), 'lethe-replica-'));

  @Module({
    imports: [
      SurroundingsModule.forRoot(databaseUrl, directory, options),
      AuditModule,
      BackupsModule,
      HoldsModule,
      TenantsModule,
      AuthModule,
    ],
    providers: [{ provide: APP_GUARD, useExisting: CallerAccessGuard }],
  })
  class ReplicaModule {}

  const app = await NestFactory.create<NestFastifyApplication>(ReplicaModule, new FastifyAdapter(fastifyOptions(100_000)), {
    logger: false,
    abortOnError: false,
  });
  await configureControlPlane(app, { development: true, corsOrigins: [] });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const feed = app.get(ChangeFeed);
  if (options.withoutFeed !== true) await feed.start();
  return {
    app,
    feed,
    close: async () => {
      await feed.stop();
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
