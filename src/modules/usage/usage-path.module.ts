import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { RetentionWindows } from '../../contracts/retention-windows.js';
import { Clock } from '../../kernel/clock.js';
import { type InstanceId, newId } from '../../kernel/ids.js';
import { Settings } from '../../platform/config/settings.js';
import { ChangeFeed } from '../../platform/database/change-feed.js';
import { SystemPool } from '../../platform/database/system-pool.js';
import { requireRedisPrefix } from '../../platform/redis/redis-prefixes.js';
import { Log } from '../../platform/telemetry/logger.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { openJournalShelf } from './core/journal-shelf.js';
import { Ledger } from './core/ledger.js';
import type { LedgerGauge } from './core/ledger-parts.js';
import { LedgerStore } from './core/ledger-store.js';
import { LimitBook } from './core/limit-book.js';
import { LocalBudgets } from './core/local-budgets.js';
import { openRedis } from './core/open-redis.js';
import { PriceBook } from './core/price-book.js';
import { RateLimiter } from './core/rate-limiter.js';
import { SharedWindowCounters } from './core/shared-window-counters.js';
import { LocalWindowCounters, type WindowCounters } from './core/window-counter.js';
import { LimitsSnapshot } from './data/limits-snapshot.js';
import { EndUsersModule } from './end-users.module.js';
import { CallLedger, Prices, RateLimits } from './usage.contract.js';
import { RATE_COUNTERS } from './usage.inventory.js';

function openCounters(settings: Settings, clock: Clock, log: Log, metrics: Metrics): WindowCounters {
  const local = new LocalWindowCounters(() => clock.monotonicMs());
  if (settings.redisUrl === undefined) return local;
  const report = { log, degraded: (value: boolean) => metrics.limiterDegraded(value), monotonicMs: () => clock.monotonicMs() };
  return new SharedWindowCounters(openRedis(settings.redisUrl), local, requireRedisPrefix(RATE_COUNTERS), report);
}

type LedgerDependencies = [RetentionWindows, Metrics, SystemPool, LimitBook, LocalBudgets];

function ledgerGauge(metrics: Metrics): LedgerGauge {
  return {
    flushed: (seconds, calls) => metrics.ledgerFlushed(seconds, calls),
    mode: (mode) => metrics.ledgerMode(mode),
    journalBytes: (bytes) => metrics.journalSize(bytes),
    unknownCost: () => metrics.costUnknown(),
  };
}

/** The part of usage that stands in the path of a call: limits, prices and the ledger. Imported by the gateway. */
@Module({
  imports: [EndUsersModule],
  providers: [
    LimitBook,
    LocalBudgets,
    { provide: PriceBook, useFactory: (clock: Clock) => new PriceBook(clock), inject: [Clock] },
    { provide: Prices, useExisting: PriceBook },
    {
      provide: RateLimits,
      useFactory: (book: LimitBook, ...parts: [Settings, Clock, Log, Metrics]) => new RateLimiter(book, openCounters(...parts)),
      inject: [LimitBook, Settings, Clock, Log, Metrics],
    },
    {
      provide: LimitsSnapshot,
      useFactory: (pool: SystemPool, clock: Clock, ...books: [LimitBook, PriceBook, LocalBudgets]) => {
        const [limits, prices, localBudgets] = books;
        return new LimitsSnapshot(pool, { limits, prices, localBudgets }, clock);
      },
      inject: [SystemPool, Clock, LimitBook, PriceBook, LocalBudgets],
    },
    {
      provide: CallLedger,
      useFactory: (settings: Settings, clock: Clock, log: Log, ...parts: LedgerDependencies) => {
        const [windows, metrics, pool, budgets, localBudgets] = parts;
        const instanceId = newId<InstanceId>();
        return new Ledger(
          {
            instanceId,
            journalMaxBytes: settings.journalMaxBytes,
            instanceTimeoutSeconds: settings.instanceTimeoutSeconds,
          },
          {
            store: new LedgerStore(pool),
            journals: openJournalShelf(join(settings.dataDirectory, 'journal'), instanceId),
            windows,
            budgets,
            localBudgets,
            clock,
            log,
            gauge: ledgerGauge(metrics),
          },
        );
      },
      inject: [Settings, Clock, Log, RetentionWindows, Metrics, SystemPool, LimitBook, LocalBudgets],
    },
  ],
  exports: [Prices, RateLimits, CallLedger, EndUsersModule],
})
export class UsagePathModule {
  constructor(feed: ChangeFeed, limits: LimitsSnapshot) {
    feed.subscribe(limits);
  }
}
