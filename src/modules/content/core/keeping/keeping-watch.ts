import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { type ContentDrop, Metrics } from '../../../../platform/telemetry/metrics.js';
import type { ContentStore } from '../../content.contract.js';

/** Keeps time for the keeper, and tells operators how it goes: in counts, never in content. */
@Injectable()
export class KeepingWatch {
  constructor(
    readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  kept(store: ContentStore, calls: number): void {
    this.metrics.contentKept(store, calls);
  }

  dropped(reason: ContentDrop, calls: number): void {
    this.metrics.contentDropped(reason, calls);
  }

  waitsForKey(calls: number, err: unknown): void {
    this.log.warn('content waits for its key', { component: 'content', count: calls, err });
  }

  waitsForDatabase(calls: number, err: unknown): void {
    this.log.warn('content waits for the database', { component: 'content', count: calls, err });
  }

  waitsForBlobStore(err: unknown): void {
    this.log.warn('content waits for the blob store', { component: 'content', err });
  }

  broke(err: unknown): void {
    this.log.error('content could not be kept', { component: 'content', err });
  }
}
