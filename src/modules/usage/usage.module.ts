import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
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
import { ReadBudgets } from './core/read-budgets.js';
import { ReadCalls } from './core/read-calls.js';
import { ReportUnusualKeys } from './core/report-unusual-keys.js';
import { SetRateLimit } from './core/set-rate-limit.js';
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
import { StaleIntentsRepository } from './data/stale-intents.repository.js';
import { BudgetsController } from './http/budgets.controller.js';
import { PriceOverridesController } from './http/price-overrides.controller.js';
import { RateLimitsController } from './http/rate-limits.controller.js';
import { UsageController } from './http/usage.controller.js';
import { ReapIntentsJob } from './jobs/reap-intents.job.js';
import { BudgetAlerts, TellBudgetThresholdJob } from './jobs/tell-budget-threshold.job.js';
import { WatchKeysJob } from './jobs/watch-keys.job.js';
import { UsageAnalytics } from './usage-analytics.contract.js';
import './usage.inventory.js';

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
];

/** Budgets, rate limits, prices and the ledger as they are managed and read. The request path is `UsagePathModule`. */
@Module({
  imports: [
    TypeOrmModule.forFeature([BudgetEntity, RateLimitEntity, PriceOverrideEntity]),
    DiscoveryModule,
    AuditModule,
    NotificationsModule,
    TenantsModule,
  ],
  controllers: [BudgetsController, RateLimitsController, PriceOverridesController, UsageController],
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
    UsageExpiry,
    { provide: UsageAnalytics, useClass: PostgresUsageAnalytics },
  ],
  exports: [UsageAnalytics],
})
export class UsageModule {}
