import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { SystemPool } from '../../../platform/database/system-pool.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { interruptedRow } from '../core/call-rows.js';
import { LedgerStore } from '../core/ledger-store.js';
import { StaleIntentsRepository } from '../data/stale-intents.repository.js';

const BATCH = 500;

/**
 * Settles calls whose gateway is gone (peers 3): the hold is given back and the call becomes a record whose cost is unknown. Should
 * that gateway only have been cut off, its own settlement replaces this one later.
 */
@Injectable()
export class ReapIntentsJob extends RecurringJob {
  readonly name = 'usage.reap-intents';
  readonly everySeconds = 10;

  constructor(
    private readonly intents: StaleIntentsRepository,
    private readonly pool: SystemPool,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    const store = new LedgerStore(this.pool);
    try {
      await this.reap(store, signal);
    } finally {
      await store.close();
    }
    await this.pool.query(`DELETE FROM gateway_instance WHERE seen_at < clock_timestamp() - interval '1 day'`);
  }

  private async reap(store: LedgerStore, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const stale = await this.intents.find(BATCH);
      if (stale.length === 0) return;
      await store.commit([], stale.map(interruptedRow), false);
      this.metrics.intentsReaped(stale.length);
      this.log.warn('settled calls whose gateway is gone', { component: 'reaper', count: stale.length });
      if (stale.length < BATCH) return;
    }
  }
}
