import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { assert } from '../../kernel/assert.js';
import { Clock } from '../../kernel/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Log } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { JobRegistry } from './job-registry.js';
import { PostgresOutbox } from './postgres-outbox.js';
import { QueueHealth } from './queue-health.js';
import { QueueHousekeeping } from './queue-housekeeping.js';
import type { QueueOptions } from './queue-options.js';
import type { JobMetrics } from './queue-ports.js';
import { QueueWorker, type QueueSurroundings } from './queue-worker.js';

/** Finds the handlers and recurring jobs of the whole application and runs the worker for as long as it lives. */
class QueueLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  worker: QueueWorker | undefined;

  constructor(
    private readonly options: QueueOptions,
    private readonly discovery: DiscoveryService,
    private readonly around: QueueSurroundings,
  ) {}

  /** In every role, so that a topic with two handlers stops the start-up wherever it is noticed first. */
  onModuleInit(): void {
    const wrappers = this.discovery.getProviders().filter((wrapper) => wrapper.isDependencyTreeStatic());
    const registry = JobRegistry.of(
      wrappers.map((wrapper) => wrapper.instance as unknown),
      this.options.contracts,
    );
    if (this.options.worker) this.worker = new QueueWorker(this.options, registry, this.around);
  }

  onApplicationBootstrap(): void {
    this.worker?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.worker?.stop();
  }
}

/**
 * The outbox, and for the worker role the queue behind it. Needs `UnitOfWork`, `Clock`, `Log` and `Metrics` from global modules.
 * Exports the outbox (under the token of the contract), {@link QueueHealth} and {@link QueueHousekeeping}.
 */
@Module({})
export class QueueModule {
  static forRoot(options: QueueOptions): DynamicModule {
    assert(/^[A-Za-z0-9_-]{1,40}$/.test(options.prefix), 'the queue prefix is made of letters, digits, _ and -');
    const { outbox } = options.contracts;
    return {
      module: QueueModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        { provide: outbox, useFactory: (clock: Clock) => new PostgresOutbox(clock), inject: [Clock] },
        {
          provide: QueueLifecycle,
          useFactory: (discovery: DiscoveryService, ...[unitOfWork, clock, log, metrics]: [UnitOfWork, Clock, Log, JobMetrics]) =>
            new QueueLifecycle(options, discovery, { unitOfWork, clock, log, metrics }),
          inject: [DiscoveryService, UnitOfWork, Clock, Log, Metrics],
        },
        {
          provide: QueueHealth,
          useFactory: (lifecycle: QueueLifecycle) => new QueueHealth(() => lifecycle.worker),
          inject: [QueueLifecycle],
        },
        {
          provide: QueueHousekeeping,
          useFactory: (lifecycle: QueueLifecycle) => new QueueHousekeeping(() => lifecycle.worker),
          inject: [QueueLifecycle],
        },
      ],
      exports: [outbox, QueueHealth, QueueHousekeeping],
    };
  }
}
