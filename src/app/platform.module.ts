import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import '../contracts/database.inventory.js';
import { Outbox, OutboxHandler } from '../contracts/outbox.js';
import { RecurringJob } from '../contracts/recurring-job.js';
import { Clock } from '../kernel/clock.js';
import type { LoadedProfile } from '../modules/retention/core/profile/loaded-profile.js';
import { newId } from '../kernel/ids.js';
import { BlobStore } from '../platform/blob/blob-store.js';
import { createBlobStore } from '../platform/blob/blob-factory.js';
import { Settings } from '../platform/config/settings.js';
import { ChangeFeed } from '../platform/database/change-feed.js';
import { DatabaseAddress } from '../platform/database/database-address.js';
import { sessionAs } from '../platform/database/roles.js';
import { SystemPool } from '../platform/database/system-pool.js';
import { TypeOrmUnitOfWork } from '../platform/database/typeorm-unit-of-work.js';
import { UnitOfWork } from '../platform/database/unit-of-work.js';
import { ControlPlaneHttpModule } from '../platform/http/control-plane-http.module.js';
import { OutboundAddresses } from '../platform/http/outbound-address.js';
import { KeyManagementService } from '../platform/kms/key-management-service.js';
import { createKeyManagementService } from '../platform/kms/kms-factory.js';
import { QueueModule } from '../platform/queue/queue.module.js';
import { QUEUE_PREFIX } from '../platform/queue/queue.inventory.js';
import { Log } from '../platform/telemetry/logger.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { OtelTracingOptions } from '../platform/telemetry/otel-tracing.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { QUEUE_ROLE } from './database.js';
import { kmsOptions } from './key-management.js';
import './platform.inventory.js';
import { PRODUCT_VERSION } from './product.js';

/** What a process is given from outside before Nest exists. */
export interface Runtime {
  readonly settings: Settings;
  readonly log: Log;
  readonly clock: Clock;
  readonly profile: LoadedProfile;
  /** `log`: the file that a built-in server writes to. */
  readonly database: { readonly url: string; readonly ownerUrl: string; readonly log?: string };
}

/** Connections of the ledger and the snapshots: two flushes in flight and one to spare. */
const SYSTEM_CONNECTIONS = 3;
const STATEMENT_MS = 30_000;
const CONNECT_MS = 5_000;
const DEVELOPMENT_NETWORKS = ['127.0.0.0/8', '::1/128'];

/** Spans go to the collector's path for traces (OTLP specification, "OTLP/HTTP request"); nothing is traced without one. */
function tracingOptions(settings: Settings): OtelTracingOptions | undefined {
  if (settings.otlpEndpoint === undefined) return undefined;
  return {
    endpoint: `${settings.otlpEndpoint.replace(/\/+$/, '')}/v1/traces`,
    serviceName: 'lethe',
    serviceVersion: PRODUCT_VERSION,
    instanceId: newId(),
    sampleRatio: settings.traceSamplePercent / 100,
    trustTraceparent: settings.trustTraceparent,
  };
}

/** Everything below the modules, provided once and everywhere. */
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    private readonly feed: ChangeFeed,
    private readonly pool: SystemPool,
    private readonly kms: KeyManagementService,
    private readonly blobs: BlobStore,
  ) {}

  static forRoot(runtime: Runtime): DynamicModule {
    const { settings, log, clock, database } = runtime;
    const worker = settings.roles.includes('worker');
    return {
      module: PlatformModule,
      global: true,
      imports: [
        TelemetryModule.forRoot({
          log,
          metrics: { clock, processMetrics: true },
          tracing: tracingOptions(settings),
          exposeMetrics: true,
          metricsToken: settings.metricsToken,
        }),
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          autoLoadEntities: true,
          retryAttempts: 0,
          logging: false,
          extra: { max: settings.databasePool, ...sessionAs('lethe_app', { statementMs: STATEMENT_MS, connectMs: CONNECT_MS }) },
        }),
        QueueModule.forRoot({
          postgres: { url: database.url, role: QUEUE_ROLE },
          ...(settings.redisUrl === undefined ? {} : { redisUrl: settings.redisUrl }),
          prefix: QUEUE_PREFIX,
          worker,
          contracts: { outbox: Outbox, handler: OutboxHandler, job: RecurringJob },
        }),
        ControlPlaneHttpModule,
      ],
      providers: [
        { provide: Settings, useValue: settings },
        { provide: Clock, useValue: clock },
        { provide: UnitOfWork, useClass: TypeOrmUnitOfWork },
        { provide: DatabaseAddress, useValue: new DatabaseAddress(database.url, database.ownerUrl) },
        { provide: SystemPool, useFactory: () => new SystemPool(database.url, SYSTEM_CONNECTIONS) },
        {
          provide: ChangeFeed,
          useFactory: (metrics: Metrics) =>
            new ChangeFeed({ connectionString: database.url, options: '-c role=lethe_system' }, log, () => metrics.snapshotRead()),
          inject: [Metrics],
        },
        { provide: BlobStore, useFactory: () => createBlobStore(settings) },
        { provide: KeyManagementService, useFactory: () => createKeyManagementService(kmsOptions(settings)) },
        {
          provide: OutboundAddresses,
          useFactory: () =>
            new OutboundAddresses(settings.upstreamPrivateNetworks ?? (settings.environment === 'development' ? DEVELOPMENT_NETWORKS : [])),
        },
      ],
      exports: [Settings, Clock, UnitOfWork, SystemPool, DatabaseAddress, ChangeFeed, KeyManagementService, BlobStore, OutboundAddresses],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.feed.stop();
    await this.pool.end();
    await this.kms.dispose();
    await this.blobs.dispose();
  }
}
