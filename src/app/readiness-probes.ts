import { Injectable } from '@nestjs/common';
import { Settings } from '../platform/config/settings.js';
import { SystemPool } from '../platform/database/system-pool.js';
import { QueueHealth } from '../platform/queue/queue-health.js';
import { Readiness } from './readiness.js';

/** One thing that must work before this process should be sent work. Rejects when it does not. */
export interface Probe {
  readonly name: string;
  run(): Promise<unknown>;
}

/** What each role cannot work without. The gateway's part of a process needs no store: known keys and the journal carry it. */
@Injectable()
export class ReadinessProbes {
  constructor(
    private readonly settings: Settings,
    private readonly readiness: Readiness,
    private readonly pool: SystemPool,
    private readonly queue: QueueHealth,
  ) {}

  all(): Probe[] {
    const { roles } = this.settings;
    const probes: Probe[] = [{ name: 'start', run: async () => this.readiness.assertReady() }];
    if (roles.includes('api')) probes.push({ name: 'database', run: () => this.pool.query('SELECT 1') });
    if (roles.includes('worker')) probes.push({ name: 'queue', run: () => this.queue.check() });
    return probes;
  }
}
