import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../../platform/config/settings.js';
import { requireRedisPrefix } from '../../platform/redis/redis-prefixes.js';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuditedBudgets } from './core/audited-budgets.js';
import { AuditedRateLimits } from './core/audited-rate-limits.js';
import { BudgetViews } from './core/budget-views.js';
import { ChangeBudget } from './core/change-budget.js';
import { CreateBudget } from './core/create-budget.js';
import { CreatePriceOverride } from './core/create-price-override.js';
import { DeleteBudget } from './core/delete-budget.js';
import { DeletePriceOverride } from './core/delete-price-override.js';
import { DeleteRateLimit } from './core/delete-rate-limit.js';
import { LimitScopes } from './core/limit-scopes.js';
import { ListPriceOverrides } from './core/list-price-overrides.js';
import { ListRateLimits } from './core/list-rate-limits.js';
import { ForgetBudgetPeriods } from './core/forget-budget-periods.js';
import { FindEndUser } from './core/find-end-user.js';
import { ReadBudgets } from './core/read-budgets.js';
import { ReadCalls } from './core/read-calls.js';
import { ReportUnusualKeys } from './core/report-unusual-keys.js';
import { ReadStatistics } from './core/rollups/read-statistics.js';
import { ReadUsageSeries } from './core/rollups/read-usage-series.js';
import { ReleaseStatistics } from './core/rollups/release-statistics.js';
import { BucketOwners } from './core/rollups/bucket-owners.js';
import { CloseDays } from './core/rollups/close-days.js';
import { CompareHours } from './core/rollups/compare-hours.js';
import { RollBuckets } from './core/rollups/roll-buckets.js';
import { RollByMinutes } from './core/rollups/roll-by-minutes.js';
import { RollHours } from './core/rollups/roll-hours.js';
import { RollUpUsage } from './core/rollups/roll-up-usage.js';
import { RollWhole } from './core/rollups/roll-whole.js';
import { RollupWindows } from './core/rollups/rollup-windows.js';
import { SetRateLimit } from './core/set-rate-limit.js';
import { SweepJournal } from './core/sweep-journal.js';
import { SweepRateCounters } from './core/sweep-rate-counters.js';
import { UsageExpiry } from './core/usage-expiry.js';
import { WatchKeys } from './core/watch-keys.js';
import { BudgetEntity } from './data/budget.entity.js';
import { BudgetsRepository } from './data/budgets.repository.js';
import { CallsRepository } from './data/calls.repository.js';
import { KeyHabitsRepository } from './data/key-habits.repository.js';
import { PostgresUsageAnalytics } from './data/postgres-usage-analytics.js';
import { PriceOverrideEntity } from './data/price-override.entity.js';
import { PriceOverridesRepository } from './data/price-overrides.repository.js';
import { RateLimitEntity } from './data/rate-limit.entity.js';
import { RateLimitsRepository } from './data/rate-limits.repository.js';
import { RollupCellsRepository } from './data/rollup-cells.repository.js';
import { RollupProgressRepository } from './data/rollup-progress.repository.js';
import { StaleIntentsRepository } from './data/stale-intents.repository.js';
import { UsageSeriesRepository } from './data/usage-series.repository.js';
import { UsageStatisticsRepository } from './data/usage-statistics.repository.js';
import { EndUsersModule } from './end-users.module.js';
import { BudgetsController } from './http/budgets.controller.js';
import { EndUsersController } from './http/end-users.controller.js';
import { PriceOverridesController } from './http/price-overrides.controller.js';
import { RateLimitsController } from './http/rate-limits.controller.js';
import { UsageController } from './http/usage.controller.js';
import { UsageAnalyticsController } from './http/usage-analytics.controller.js';
import { UsageStatisticsController } from './http/usage-statistics.controller.js';
import { ReapIntentsJob } from './jobs/reap-intents.job.js';
import { RollUpUsageJob } from './jobs/roll-up-usage.job.js';
import { BudgetAlerts, TellBudgetThresholdJob } from './jobs/tell-budget-threshold.job.js';
import { SweepKeyHabitsJob } from './jobs/sweep-key-habits.job.js';
import { WatchKeysJob } from './jobs/watch-keys.job.js';
import { UsageAnalytics } from './usage-analytics.contract.js';
import { RATE_COUNTERS } from './usage.inventory.js';

const useCases = [
  CreateBudget,
  ReadBudgets,
  ChangeBudget,
  DeleteBudget,
  SetRateLimit,
  ListRateLimits,
  DeleteRateLimit,
  CreatePriceOverride,
  ListPriceOverrides,
  DeletePriceOverride,
  ReadCalls,
  FindEndUser,
];

const rollups = [
  RollupProgressRepository,
  RollupCellsRepository,
  UsageSeriesRepository,
  UsageStatisticsRepository,
  RollupWindows,
  BucketOwners,
  RollWhole,
  RollByMinutes,
  RollBuckets,
  RollHours,
  CompareHours,
  CloseDays,
  RollUpUsage,
  RollUpUsageJob,
  ReadUsageSeries,
  ReleaseStatistics,
  ReadStatistics,
];

/** Budgets, rate limits, prices and the ledger as they are managed and read. The request path is `UsagePathModule`. */
@Module({
  imports: [
    TypeOrmModule.forFeature([BudgetEntity, RateLimitEntity, PriceOverrideEntity]),
    DiscoveryModule,
    AuditModule,
    NotificationsModule,
    TenantsModule,
    EndUsersModule,
  ],
  controllers: [
    BudgetsController,
    RateLimitsController,
    PriceOverridesController,
    UsageController,
    EndUsersController,
    UsageAnalyticsController,
    UsageStatisticsController,
  ],
  providers: [
    ...useCases,
    LimitScopes,
    AuditedBudgets,
    AuditedRateLimits,
    BudgetViews,
    BudgetsRepository,
    RateLimitsRepository,
    PriceOverridesRepository,
    CallsRepository,
    StaleIntentsRepository,
    ReapIntentsJob,
    BudgetAlerts,
    TellBudgetThresholdJob,
    KeyHabitsRepository,
    ReportUnusualKeys,
    WatchKeys,
    WatchKeysJob,
    SweepKeyHabitsJob,
    SweepJournal,
    {
      provide: SweepRateCounters,
      useFactory: ({ redisUrl }: Settings) =>
        redisUrl === undefined ? null : new SweepRateCounters(redisUrl, requireRedisPrefix(RATE_COUNTERS)),
      inject: [Settings],
    },
    ForgetBudgetPeriods,
    ...rollups,
    UsageExpiry,
    { provide: UsageAnalytics, useClass: PostgresUsageAnalytics },
  ],
  exports: [UsageAnalytics],
})
export class UsageModule {}
