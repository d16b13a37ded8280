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

/**
 * What each role cannot work without. The gateway's part of a process needs no store: known keys and the journal carry it. Anybody may ask, and
 * the connections are the ledger's: a store is asked once at a time, and all who ask meanwhile get that answer.
 */
@Injectable()
export class ReadinessProbes {
  private readonly database: Probe['run'];
  private readonly worker: Probe['run'];

  constructor(
    private readonly settings: Settings,
    private readonly readiness: Readiness,
    pool: SystemPool,
    queue: QueueHealth,
  ) {
    this.database = oneAtATime(() => pool.query('SELECT 1'));
    this.worker = oneAtATime(() => queue.check());
  }

  all(): Probe[] {
    const { roles } = this.settings;
    const probes: Probe[] = [{ name: 'start', run: async () => this.readiness.assertReady() }];
    if (roles.includes('api')) probes.push({ name: 'database', run: this.database });
    if (roles.includes('worker')) probes.push({ name: 'queue', run: this.worker });
    return probes;
  }
}

/** `ask`, but never a second time while the first goes on. */
function oneAtATime(ask: () => Promise<unknown>): () => Promise<unknown> {
  let underway: Promise<unknown> | null = null;
  return () => {
    underway ??= ask().finally(() => {
      underway = null;
    });
    return underway;
  };
}
