import type { Provider } from '@nestjs/common';
import { AuditedHolds } from './core/holds/audited-holds.js';
import { EmptyHolds, ForgetHolds } from './core/holds/empty-holds.js';
import { HoldReach } from './core/holds/hold-reach.js';
import { PlaceHold } from './core/holds/place-hold.js';
import { ReadHeldRows } from './core/holds/read-held-rows.js';
import { ReadHolds } from './core/holds/read-holds.js';
import { ReplayPlacedHold, ReplayReleasedHold } from './core/holds/replay-holds.js';
import { ReleaseHold } from './core/holds/release-hold.js';
import { ExpiringTableRegistry } from './core/expiring-table-registry.js';
import { MaintainPartitions, PartitionTools } from './core/maintain-partitions.js';
import { Partitions } from './core/partitions.js';
import { AccountForSweeps } from './core/purge/account-for-sweeps.js';
import { DropPartitions } from './core/purge/drop-partitions.js';
import { KnownTables } from './core/purge/known-tables.js';
import { FilingDesk, FilingRules, RefileRows } from './core/purge/refile-rows.js';
import { OwnSurvey, SweepOwnStores } from './core/purge/sweep-own-stores.js';
import { SweepGround, SweepStores } from './core/purge/sweep-stores.js';
import { TrustedClock } from './core/purge/trusted-clock.js';
import { CloseReceipts } from './core/receipts/close-receipts.js';
import { ListReceipts } from './core/receipts/list-receipts.js';
import { ReceiptBooks, Receipts } from './core/receipts/receipts.js';
import { RetentionExpiry } from './core/retention-expiry.js';
import { RoundBounds, RunRetention } from './core/run-retention.js';
import { PreviewRetention } from './core/survey/preview-retention.js';
import { AlarmBell, OverdueAlarm } from './core/survey/overdue-alarm.js';
import { SurveyReport, SurveyStores } from './core/survey/survey-stores.js';
import { SweepRegistry } from './core/survey/sweep-registry.js';
import { KnownStores, Survivors } from './core/survey/survivors.js';
import { AlarmsRepository } from './data/alarms.repository.js';
import { FiledWindowsRepository } from './data/filed-windows.repository.js';
import { HeldRowsRepository } from './data/held-rows.repository.js';
import { ReceiptsRepository } from './data/receipts.repository.js';
import { RemovalsRepository } from './data/removals.repository.js';
import { MaintainPartitionsJob } from './jobs/maintain-partitions.job.js';
import { SweepStoresJob } from './jobs/sweep-stores.job.js';
import { PartitionMaintenance } from './retention.contract.js';

/** Everything that lets data go, and what keeps it. */
export const PURGE_PARTS: readonly Provider[] = [
  ExpiringTableRegistry,
  SweepRegistry,
  Partitions,
  KnownTables,
  TrustedClock,
  KnownStores,
  Survivors,
  ReceiptsRepository,
  ReceiptBooks,
  Receipts,
  CloseReceipts,
  DropPartitions,
  PartitionTools,
  { provide: PartitionMaintenance, useClass: MaintainPartitions },
  FiledWindowsRepository,
  FilingRules,
  FilingDesk,
  RefileRows,
  AuditedHolds,
  HoldReach,
  PlaceHold,
  ReleaseHold,
  ReadHolds,
  HeldRowsRepository,
  ReadHeldRows,
  ReplayPlacedHold,
  ReplayReleasedHold,
  EmptyHolds,
  ForgetHolds,
  AlarmsRepository,
  AlarmBell,
  OverdueAlarm,
  SurveyReport,
  SurveyStores,
  RemovalsRepository,
  AccountForSweeps,
  SweepGround,
  SweepStores,
  OwnSurvey,
  SweepOwnStores,
  RetentionExpiry,
  RoundBounds,
  RunRetention,
  ListReceipts,
  PreviewRetention,
  MaintainPartitionsJob,
  SweepStoresJob,
];
