import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../kernel/clock.js';
import { BoundedLabel } from './bounded-label.js';
import { CallMetrics, type FinishedCall } from './call-metrics.js';
import { type HistogramSeries, histogramFamily, register } from './series.js';
import type { MetricLabel } from './telemetry.inventory.js';

export interface MetricsOptions {
  readonly clock: Clock;
  /** Sets of labels kept for calls before the rest are counted under `other`. 500 unless told. */
  readonly maxCallSeries?: number;
  /** Also measure the process itself: event-loop lag, garbage collection, memory. */
  readonly processMetrics: boolean;
}

const LEDGER_MODES = ['direct', 'journal'] as const;
/** Where records of calls go: straight to the database, or to the local journal while it is away. */
export type LedgerMode = (typeof LEDGER_MODES)[number];

/**
 * How one try of a job ended. `failed` will be tried again (a recurring job: at its next round), `dead` will not, `skipped` found
 * the same recurring job running elsewhere, `given_back` was cut short by a shutdown or a lost connection.
 */
export type JobOutcome = 'completed' | 'failed' | 'dead' | 'skipped' | 'given_back';

/**
 * What became of a mail. `left_out`: it only told of something, and there was no way out; `suppressed`: its recipient gets none of that kind;
 * `refused`: by the mail server, for good; `given_up`: no try succeeded for a day.
 */
export type MailOutcome = 'sent' | 'left_out' | 'suppressed' | 'refused' | 'given_up';

/** Why an operator was turned away: where they come from, or which listener they came by. */
export type OperatorRefusal = 'network' | 'listener';

/**
 * Why content that the gate let through was not kept: no room in memory, no key to seal it under, nothing that would take it, or it could not be
 * read for secrets. `stopping`: the process ended before it was written.
 */
export type ContentDrop = 'no_room' | 'no_key' | 'not_written' | 'not_redacted' | 'stopping';

/** By what somebody tried to prove who they are; `proof` is once more in a session, `token` that of an operator or a key at the admin API. */
export type SignInKind =
  | 'password'
  | 'email_link'
  | 'oidc'
  | 'saml'
  | 'webauthn'
  | 'totp'
  | 'recovery_code'
  | 'password_recovery'
  | 'proof'
  | 'token';

/** How it ended: `slowed` was not looked at, after too many others; `failed` could not be decided. */
export type SignInOutcome = 'right' | 'refused' | 'slowed' | 'failed';

/** How one attempt to deliver to a webhook ended; `given_up` was the last. */
export type WebhookOutcome = 'delivered' | 'failed' | 'given_up';

/** All metrics of the process, behind narrow methods: what cannot be passed here cannot become a label (C1). Also the injection token. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly calls: CallMetrics;
  private readonly reason = new BoundedLabel(32, false);
  private readonly job = new BoundedLabel(64, false);
  private inflight = 0;
  private snapshotAtMs: number | undefined;

  private readonly unknownCosts = this.counter('lethe_unknown_cost_total', 'Calls settled with an unknown cost.', []);
  private readonly failovers = this.counter('lethe_failovers_total', 'Attempts given up for the next one.', ['reason']);
  private readonly refusals = this.counter('lethe_refusals_total', 'Calls refused before an upstream was asked.', ['reason']);
  private readonly reaped = this.counter('lethe_reaped_intents_total', 'Intents whose process died, settled by the reaper.', []);
  private readonly jobs = this.counter('lethe_jobs_total', 'Tries of background jobs by how they ended.', ['job', 'outcome']);
  private readonly jobSeconds = this.histogram(
    'lethe_job_duration_seconds',
    'Time a background job took.',
    [0.01, 0.1, 1, 10, 60, 600],
    ['job'],
  );
  private readonly mails = this.counter('lethe_mails_total', 'Mails by what became of them.', ['outcome']);
  private readonly webhooks = this.counter('lethe_webhook_attempts_total', 'Attempts to deliver to webhooks by how they ended.', [
    'outcome',
  ]);
  private readonly operatorRefusals = this.counter('lethe_operator_refusals_total', 'Requests of operators that were turned away.', [
    'reason',
  ]);
  private readonly signIns = this.counter('lethe_sign_ins_total', 'Attempts to prove who one is, by how they ended.', ['kind', 'outcome']);
  private readonly contents = this.counter('lethe_content_kept_total', 'Calls whose content was kept, by where.', ['kind']);
  private readonly contentDrops = this.counter('lethe_content_dropped_total', 'Calls whose content was to be kept and was not.', [
    'reason',
  ]);
  private readonly flushSeconds = this.series(
    'lethe_ledger_flush_seconds',
    'Time one group commit took.',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  );
  private readonly batchSize = this.series(
    'lethe_ledger_batch_size',
    'Records in one group commit.',
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  );
  private readonly mode = this.gauge('lethe_ledger_mode', '1 for the way records of calls are written now.', ['mode']);
  private readonly journal = this.gauge('lethe_journal_bytes', 'Size of the local journal that waits to be replayed.', []);
  private readonly auditLogSize = this.gauge('lethe_audit_log_size', 'Leaves of the audit log.', []);
  private readonly auditCheckpointSize = this.gauge('lethe_audit_checkpoint_size', 'Leaves the newest checkpoint covers.', []);
  private readonly auditCheckpointTime = this.gauge(
    'lethe_audit_checkpoint_timestamp_seconds',
    'When the newest checkpoint was signed, as Unix time.',
    [],
  );
  private readonly auditPublications = this.counter(
    'lethe_audit_publications_total',
    'Tries to publish a checkpoint of the audit log by destination and how they ended.',
    ['destination', 'outcome'],
  );
  private readonly retentionRemovals = this.counter(
    'lethe_retention_rows_total',
    'Rows that retention purged, swept, filed anew or released, by data class; those of dropped partitions are estimates.',
    ['data_class', 'action'],
  );
  private readonly retentionPartitions = this.counter('lethe_retention_partitions_total', 'Expired partitions dropped.', ['data_class']);
  private readonly retentionAge = this.gauge('lethe_retention_oldest_seconds', 'Age of the oldest row, by data class.', ['data_class']);
  private readonly retentionOverdue = this.gauge(
    'lethe_retention_overdue_seconds',
    'For how long the oldest thing that should be gone has been kept past its time, by data class; 0: nothing is. Above a day is a broken promise.',
    ['data_class'],
  );
  private readonly backupTime = this.gauge('lethe_backup_newest_timestamp_seconds', 'When the newest backup was taken, as Unix time.', [
    'kind',
  ]);
  private readonly soundBackupTime = this.gauge(
    'lethe_backup_verified_timestamp_seconds',
    'When the newest of the backups that a test restore has found whole was taken, as Unix time.',
    ['kind'],
  );
  private readonly limiter = this.gauge('lethe_limiter_degraded', '1 while limits are counted per process only.', []);

  constructor(private readonly options: MetricsOptions) {
    this.calls = new CallMetrics(this.registry, options.maxCallSeries ?? 500);
    this.measured('lethe_inflight_calls', 'Calls in flight.', () => this.inflight);
    this.measured('lethe_snapshot_age_seconds', 'Time since configuration was last read whole; -1 before the first time.', () =>
      this.snapshotAtMs === undefined ? -1 : (options.clock.monotonicMs() - this.snapshotAtMs) / 1000,
    );
    this.ledgerMode('direct');
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Content type of {@link render}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  render(): Promise<string> {
    return this.registry.metrics();
  }

  /** The model names that may become labels: those that configuration names. Call it whenever configuration is read. */
  allowModels(names: Iterable<string>): void {
    this.calls.allowModels(names);
  }

  callStarted(): void {
    this.inflight += 1;
  }

  /** Every {@link callStarted} is followed by one of these. Costs less than a microsecond. */
  callFinished(call: FinishedCall): void {
    this.inflight -= 1;
    this.calls.finished(call);
  }

  /** A call turned away before anything was dispatched, such as for a limit; not also finished. */
  callRefused(reason: string): void {
    this.refusals.inc({ reason: this.reason.of(reason) });
  }

  costUnknown(): void {
    this.unknownCosts.inc();
  }

  failedOver(reason: string): void {
    this.failovers.inc({ reason: this.reason.of(reason) });
  }

  intentsReaped(count: number): void {
    this.reaped.inc(count);
  }

  ledgerFlushed(seconds: number, rows: number): void {
    this.flushSeconds.record(seconds);
    this.batchSize.record(rows);
  }

  ledgerMode(current: LedgerMode): void {
    for (const mode of LEDGER_MODES) this.mode.set({ mode }, mode === current ? 1 : 0);
  }

  journalSize(bytes: number): void {
    this.journal.set(bytes);
  }

  limiterDegraded(degraded: boolean): void {
    this.limiter.set(degraded ? 1 : 0);
  }

  /** The configuration snapshot was read whole just now. */
  snapshotRead(): void {
    this.snapshotAtMs = this.options.clock.monotonicMs();
  }

  jobFinished(job: string, outcome: JobOutcome, seconds: number): void {
    const name = this.job.of(job);
    this.jobs.inc({ job: name, outcome });
    this.jobSeconds.observe({ job: name }, seconds);
  }

  mailFinished(outcome: MailOutcome): void {
    this.mails.inc({ outcome });
  }

  operatorRefused(reason: OperatorRefusal): void {
    this.operatorRefusals.inc({ reason });
  }

  signInFinished(kind: SignInKind, outcome: SignInOutcome): void {
    this.signIns.inc({ kind, outcome });
  }

  webhookAttempted(outcome: WebhookOutcome): void {
    this.webhooks.inc({ outcome });
  }

  contentKept(store: 'payload' | 'failed_input' | 'granted', calls: number): void {
    this.contents.inc({ kind: store }, calls);
  }

  contentDropped(reason: ContentDrop, calls: number): void {
    this.contentDrops.inc({ reason }, calls);
  }

  /** The audit log has this many leaves. */
  auditLogGrew(size: number): void {
    this.auditLogSize.set(size);
  }

  auditCheckpointSigned(size: number, unixSeconds: number): void {
    this.auditCheckpointSize.set(size);
    this.auditCheckpointTime.set(unixSeconds);
  }

  auditPublicationEnded(destination: 'file' | 'webhook' | 's3', outcome: 'published' | 'failed'): void {
    this.auditPublications.inc({ destination, outcome });
  }

  /** One receipt of retention. Classes and actions come from closed lists. */
  retentionRemoved(dataClass: string, action: string, { rows, partitions }: { readonly rows: number; readonly partitions: number }): void {
    this.retentionRemovals.inc({ data_class: dataClass, action }, rows);
    if (action === 'purged') this.retentionPartitions.inc({ data_class: dataClass }, partitions);
  }

  /** How old the oldest thing of a class is, and for how long it should have been gone. */
  retentionSurveyed(dataClass: string, oldestSeconds: number, overdueSeconds: number): void {
    this.retentionAge.set({ data_class: dataClass }, oldestSeconds);
    this.retentionOverdue.set({ data_class: dataClass }, overdueSeconds);
  }

  /** When the newest backup of a kind was taken. */
  backupTaken(kind: 'data' | 'keys', at: Date): void {
    this.backupTime.set({ kind }, at.getTime() / 1_000);
  }

  /** When the newest backup that a test restore has found whole was taken. */
  backupFoundWhole(kind: 'data' | 'keys', at: Date): void {
    this.soundBackupTime.set({ kind }, at.getTime() / 1_000);
  }

  private counter<Label extends MetricLabel>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends MetricLabel>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends MetricLabel>(name: string, help: string, buckets: number[], labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }

  /** A histogram without labels that is recorded in the middle of calls. */
  private series(name: string, help: string, bounds: number[]): HistogramSeries {
    const family = histogramFamily(name, help, bounds);
    register(this.registry, family);
    return family.of({});
  }

  private measured(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
