// Retention as a worker runs it, on a database of the test's and by its clock, without the rest of the application.
import type { DiscoveryService } from '@nestjs/core';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { type ExpiringTable, ExpiringTables } from '../../src/contracts/expiring-tables.js';
import type { PolicyProfile } from '../../src/contracts/policy-profile.js';
import type { StaffNews } from '../../src/contracts/staff-news.js';
import type { SweptStore, SweptTables } from '../../src/contracts/swept-store.js';
import type { Clock } from '../../src/kernel/clock.js';
import { newId, type OperatorId } from '../../src/kernel/ids.js';
import { AuditEventEntity } from '../../src/modules/audit/data/audit-event.entity.js';
import { AuditEventsRepository } from '../../src/modules/audit/data/audit-events.repository.js';
import { AuditExpiry } from '../../src/modules/audit/core/audit-expiry.js';
import { CommittedAuditLog } from '../../src/modules/audit/core/committed-audit-log.js';
import { BackupWindows } from '../../src/modules/backups/core/backup-windows.js';
import { CommittedErasureLedger } from '../../src/modules/backups/core/erasures/committed-erasure-ledger.js';
import { ErasureExpiry } from '../../src/modules/backups/core/erasures/erasure-expiry.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import { ExpiringTableRegistry } from '../../src/modules/retention/core/expiring-table-registry.js';
import { AuditedHolds } from '../../src/modules/retention/core/holds/audited-holds.js';
import { CommittedLegalHolds } from '../../src/modules/retention/core/holds/committed-legal-holds.js';
import { EmptyHolds } from '../../src/modules/retention/core/holds/empty-holds.js';
import { HoldReach } from '../../src/modules/retention/core/holds/hold-reach.js';
import { type HoldRequest, PlaceHold } from '../../src/modules/retention/core/holds/place-hold.js';
import { ReadHolds } from '../../src/modules/retention/core/holds/read-holds.js';
import { ReleaseHold } from '../../src/modules/retention/core/holds/release-hold.js';
import { MaintainPartitions, PartitionTools } from '../../src/modules/retention/core/maintain-partitions.js';
import { Partitions } from '../../src/modules/retention/core/partitions.js';
import { AccountForSweeps } from '../../src/modules/retention/core/purge/account-for-sweeps.js';
import { DropPartitions } from '../../src/modules/retention/core/purge/drop-partitions.js';
import { KnownTables } from '../../src/modules/retention/core/purge/known-tables.js';
import { FilingDesk, FilingRules, RefileRows } from '../../src/modules/retention/core/purge/refile-rows.js';
import { OwnSurvey, SweepOwnStores } from '../../src/modules/retention/core/purge/sweep-own-stores.js';
import { SweepGround, SweepStores } from '../../src/modules/retention/core/purge/sweep-stores.js';
import { TrustedClock } from '../../src/modules/retention/core/purge/trusted-clock.js';
import { CloseReceipts } from '../../src/modules/retention/core/receipts/close-receipts.js';
import { ReceiptBooks, Receipts } from '../../src/modules/retention/core/receipts/receipts.js';
import { RetentionExpiry } from '../../src/modules/retention/core/retention-expiry.js';
import { RoundBounds, RunRetention } from '../../src/modules/retention/core/run-retention.js';
import { AlarmBell, OverdueAlarm } from '../../src/modules/retention/core/survey/overdue-alarm.js';
import { SurveyReport, SurveyStores } from '../../src/modules/retention/core/survey/survey-stores.js';
import { SweepRegistry } from '../../src/modules/retention/core/survey/sweep-registry.js';
import { KnownStores, Survivors } from '../../src/modules/retention/core/survey/survivors.js';
import { AlarmsRepository } from '../../src/modules/retention/data/alarms.repository.js';
import { FiledWindowsRepository } from '../../src/modules/retention/data/filed-windows.repository.js';
import { LegalHoldEntity } from '../../src/modules/retention/data/legal-hold.entity.js';
import { LegalHoldsRepository } from '../../src/modules/retention/data/legal-holds.repository.js';
import { ReceiptsRepository } from '../../src/modules/retention/data/receipts.repository.js';
import { RemovalsRepository } from '../../src/modules/retention/data/removals.repository.js';
import { Settings } from '../../src/platform/config/settings.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { PostgresOutbox } from '../../src/platform/queue/postgres-outbox.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';
import { fixedWindows, type FixedWindows } from './windows.js';

export interface RetentionOptions {
  readonly clock: Clock;
  readonly tables: readonly ExpiringTable[];
  readonly sweeps?: readonly (SweptTables | SweptStore)[];
  /** Who tells staff. */
  readonly news?: StaffNews;
  readonly windows?: FixedWindows;
  /** What the transactions are to be run by, made of what would run them. */
  readonly unitOfWork?: (real: UnitOfWork) => UnitOfWork;
}

/** The parts of retention, put together as `purge-parts.ts` does. */
export class TestRetention {
  readonly lines: string[] = [];
  readonly windows: FixedWindows;
  readonly metrics: Metrics;
  readonly unitOfWork: UnitOfWork;
  readonly holds = new LegalHoldsRepository();
  readonly legalHolds = new CommittedLegalHolds(this.holds);
  readonly maintenance: MaintainPartitions;
  readonly refiling: RefileRows;
  readonly emptying: EmptyHolds;
  readonly survey: SurveyStores;
  readonly sweeping: SweepStores;
  readonly ownSweeping: SweepOwnStores;
  readonly receipts: Receipts;
  readonly placing: PlaceHold;
  readonly releasing: ReleaseHold;
  readonly reading: ReadHolds;
  readonly all: RunRetention;

  private constructor(
    private readonly source: DataSource,
    readonly owner: pg.Pool,
    options: RetentionOptions,
  ) {
    const { clock } = options;
    const log = Log.open({ level: 'trace', destination: { write: (line: string) => void this.lines.push(line) } });
    const real = new TypeOrmUnitOfWork(source);
    this.unitOfWork = options.unitOfWork?.(real) ?? real;
    this.windows = options.windows ?? fixedWindows();
    this.metrics = new Metrics({ clock, processMetrics: false });
    const discovery = providers([
      offering(options.tables),
      new AuditExpiry(),
      new ErasureExpiry(),
      new RetentionExpiry(),
      ...(options.sweeps ?? []),
      options.news,
    ]);
    const registry = new ExpiringTableRegistry(discovery);
    const sweeps = new SweepRegistry(discovery);
    const partitions = new Partitions(this.unitOfWork);
    const known = new KnownTables(registry, this.unitOfWork);
    const trusted = new TrustedClock(partitions, clock, log);
    const survivors = new Survivors(new KnownStores(registry, sweeps), this.windows, this.unitOfWork, clock);
    const audit = new CommittedAuditLog(new AuditEventsRepository(), clock, this.windows);
    const receiptRows = new ReceiptsRepository();
    const books = new ReceiptBooks(receiptRows, audit, this.unitOfWork, this.metrics);
    this.receipts = new Receipts(books, survivors, this.windows, clock);
    const drop = new DropPartitions(partitions, this.receipts, clock, log);
    this.maintenance = new MaintainPartitions(registry, new PartitionTools(partitions, known, drop, trusted), this.windows, clock);
    const rules = new FilingRules(registry, this.windows, PROFILE, new FiledWindowsRepository());
    this.refiling = new RefileRows(rules, new FilingDesk(partitions, this.receipts, this.unitOfWork), clock);
    const ledger = new CommittedErasureLedger(
      new ErasuresRepository(),
      new BackupWindows(this.windows, new Settings()),
      new PostgresOutbox(clock),
      clock,
    );
    const audited = new AuditedHolds(this.holds, audit, ledger);
    const reach = new HoldReach(known, this.unitOfWork);
    this.placing = new PlaceHold(this.unitOfWork, audited, reach, clock);
    this.releasing = new ReleaseHold(this.unitOfWork, audited, clock);
    this.reading = new ReadHolds(this.unitOfWork, this.holds, reach);
    this.emptying = new EmptyHolds(audited, this.receipts, this.unitOfWork, clock);
    const bell = new AlarmBell(new AlarmsRepository(), receiptRows, audit, discovery);
    const report = new SurveyReport(this.receipts, new OverdueAlarm(bell, this.unitOfWork, clock, log), clock);
    this.survey = new SurveyStores(survivors, report, this.metrics, clock);
    const closing = new CloseReceipts(this.receipts, clock);
    const accounts = new AccountForSweeps(this.receipts, new RemovalsRepository(), this.unitOfWork, clock);
    this.sweeping = new SweepStores(new SweepGround(sweeps, this.legalHolds, accounts, closing), clock, log);
    this.ownSweeping = new SweepOwnStores(this.sweeping, new OwnSurvey(survivors, report, clock), log);
    this.all = new RunRetention(this.refiling, this.maintenance, this.emptying, new RoundBounds(trusted, closing, this.survey));
  }

  static async open(url: string, options: RetentionOptions): Promise<TestRetention> {
    const extra = { max: 3, ...sessionAs('lethe_app', { statementMs: 30_000, connectMs: 5_000 }) };
    const source = new DataSource({ type: 'postgres', url, entities: [AuditEventEntity, LegalHoldEntity], extra });
    await source.initialize();
    const owner = new pg.Pool({ connectionString: url, max: 5 });
    owner.on('error', () => undefined);
    return new TestRetention(source, owner, options);
  }

  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.owner.query<Row>(sql, values)).rows;
  }

  /** An operator there is, so that holds have somebody to be placed by. */
  async operator(): Promise<{ readonly kind: 'operator'; readonly id: OperatorId }> {
    const id = newId<OperatorId>();
    await this.owner.query(
      `INSERT INTO operator (id, name, role, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'administrator', 'active', now(), now())`,
      [id],
    );
    return { kind: 'operator', id };
  }

  /** A hold on all that an organisation has of these classes, unless said otherwise. */
  async hold(request: Partial<HoldRequest>): Promise<LegalHoldEntity> {
    const usual = { matter: 'M-1', reason: 'litigation', organisationId: null, accountId: null, fromAt: null, toAt: null } as const;
    return this.placing.run(await this.operator(), { ...usual, dataClasses: ['request_metadata'], ...request });
  }

  async release(hold: LegalHoldEntity): Promise<void> {
    await this.releasing.request(hold.id, await this.operator());
    await this.releasing.approve(hold.id, await this.operator());
  }

  async close(): Promise<void> {
    await this.source.destroy();
    await this.owner.end();
  }
}

/** What windows are compared with; {@link FixedWindows} has none of it. */
const PROFILE = { digest: '0'.repeat(64) } as PolicyProfile;

function offering(tables: readonly ExpiringTable[]): ExpiringTables {
  return new (class extends ExpiringTables {
    override expiringTables() {
      return tables;
    }
  })();
}

function providers(instances: readonly unknown[]): DiscoveryService {
  return { getProviders: () => instances.map((instance) => ({ instance })) } as unknown as DiscoveryService;
}
