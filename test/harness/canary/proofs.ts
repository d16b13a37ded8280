// What can be switched off, and what notices. `test/architecture/canary-proofs.spec.ts` fails at a purge, a sweep, a job, a guard or a kind of store
// that is not here, and at one that is here and nowhere else.

/** How it shows that something is switched off. */
export type Proof =
  /** One of `mutations.ts`: the canaries notice. */
  | { readonly mutation: string }
  /** A test by that name, or part of one, in that file. */
  | { readonly spec: string; readonly test: string }
  /** It lets nothing go and seals nothing: why nothing can be seen of it where the canaries look. */
  | { readonly lets: string };

const SWEEPS: Proof = { spec: 'test/e2e/canary.sweeps.e2e.spec.ts', test: 'no sweep can be switched off unseen' };
const REWRAPS: Proof = { lets: 'wraps keys anew: what they seal stays what it is' };

/** Jobs and sweeps by class. */
export const PROOFS_OF_JOBS: Readonly<Record<string, Proof>> = {
  MaintainPartitionsJob: { mutation: 'the round of retention does not run' },
  SweepStoresJob: SWEEPS,
  RewriteTablesJob: { mutation: 'tables are not rewritten' },
  TakeBackupsJob: { lets: 'takes backups; that there is one of every day stands in doctor and metrics' },
  DrillBackupsJob: { lets: 'restores a backup beside, and takes it down again' },
  CopyErasuresJob: { spec: 'test/e2e/backups.restored.e2e.spec.ts', test: 'after which the erased are gone again' },
  ExpireBackups: { mutation: 'backups do not expire' },
  ExpireErasures: { mutation: 'copies of erasures do not expire' },
  CloseGrantsJob: { spec: 'test/e2e/content.grants.e2e.spec.ts', test: 'closes itself at its end, at once' },
  KeepContentKeysJob: { spec: 'src/modules/content/content.db.spec.ts', test: 'C4: are rotated by age' },
  SweepBlobs: { spec: 'src/modules/content/content-blobs.db.spec.ts', test: 'as soon as the row is purged, and not before' },
  ForgetCountries: SWEEPS,
  ForgetHolds: SWEEPS,
  ForgetBudgetPeriods: {
    spec: 'src/modules/usage/core/forget-budget-periods.db.spec.ts',
    test: 'D2: a day that is over is kept for its organisation',
  },
  SweepAttemptsJob: SWEEPS,
  SweepSamlJob: SWEEPS,
  SweepKeyHabitsJob: SWEEPS,
  GiveUpMailsJob: SWEEPS,
  SweepInvitationsJob: SWEEPS,
  SweepSessionsJob: SWEEPS,
  SweepWebauthnChallengesJob: SWEEPS,
  SweepRecoveryCodesJob: SWEEPS,
  ReapIntentsJob: SWEEPS,
  RollUpUsageJob: SWEEPS,
  SweepJournal: { spec: 'src/modules/usage/core/sweep-journal.db.spec.ts', test: 'D2: what PostgreSQL refused goes with the day' },
  SweepRateCounters: { spec: 'src/modules/usage/core/sweep-rate-counters.db.spec.ts', test: 'D2: are let go of by Redis' },
  SweepServerLog: { spec: 'src/app/sweep-server-log.spec.ts', test: 'D2: the log of the built-in server is emptied' },
  SweepFinishedJobs: { spec: 'src/platform/queue/queue-worker.db.spec.ts', test: 'a sweep removes finished jobs by age' },
  WatchKeysJob: { lets: 'sums what keys do; what it sums is swept by SweepKeyHabitsJob' },
  CloseBreakGlassJob: { spec: 'test/e2e/auth.break-glass.e2e.spec.ts', test: 'S2: closes itself when its time is up' },
  SequenceAuditLogJob: { lets: 'orders what happened; what it orders is let go of by partition' },
  PublishCheckpointsJob: { lets: 'signs the audit log' },
  ProveDomainsAgainJob: { lets: 'asks name servers' },
  RefreshProfilesJob: { mutation: 'identity providers are not asked again' },
  WarnCertificatesJob: { lets: 'writes mails' },
  RetryWebhooksJob: { lets: 'sends what was to be sent; deliveries are let go of by partition' },
  RewrapCredentialsJob: REWRAPS,
  RewrapSecretsJob: REWRAPS,
  RewrapTotpSecretsJob: REWRAPS,
  RewrapNotificationKeyJob: REWRAPS,
  RewrapEndUserKeyJob: REWRAPS,
};

/** What a round of retention consists of, by the class it is given for it. */
export const PROOFS_OF_ROUND: Readonly<Record<string, Proof>> = {
  RefileRows: { mutation: 'rows are not filed anew when a window becomes shorter' },
  PartitionMaintenance: { mutation: 'partitions past their day are not dropped' },
  EmptyHolds: { mutation: 'what a released hold kept is not let go of' },
  RoundBounds: { lets: 'holds what follows together, each of which is named here' },
  TrustedClock: { lets: 'keeps a round with a wrong clock from letting anything go; it lets nothing go itself' },
  CloseReceipts: { mutation: 'receipts are not written' },
  SurveyStores: {
    spec: 'src/modules/retention/core/survey/survey-stores.db.spec.ts',
    test: 'D2: every store has one a day, also when nothing was due',
  },
};

/** Who changes the windows of an organisation and has to say by which it was filed until then, by file. */
export const PROOFS_OF_WINDOWS: Readonly<Record<string, Proof>> = {
  'src/modules/retention/core/windows/change-organisation-policy.ts': { mutation: 'windows from before a change are forgotten' },
};

/** Who asks whether a legal hold stands in the way of a deletion, by file. */
export const PROOFS_OF_GUARDS: Readonly<Record<string, Proof>> = {
  'src/modules/content/core/keys/erased-keys.ts': { mutation: 'a content key is destroyed in spite of a hold' },
  'src/modules/usage/core/sweep-journal.ts': {
    spec: 'src/modules/usage/core/sweep-journal.db.spec.ts',
    test: 'D5: what a legal hold covers stays',
  },
  'src/modules/accounts/core/operator/person-traces.ts': {
    spec: 'test/e2e/retention.holds.e2e.spec.ts',
    test: 'D5: an account that a hold names is not removed',
  },
};

/** Triggers that keep what a hold covers out of the way of a deletion, by name. */
export const PROOFS_OF_TRIGGERS: Readonly<Record<string, Proof>> = {
  keep_held: {
    spec: 'src/modules/retention/core/holds/legal-holds.db.spec.ts',
    test: 'D5: rows that are deleted one by one are kept as well',
  },
  refuse_held: {
    spec: 'src/modules/retention/core/holds/legal-holds.db.spec.ts',
    test: 'D5: of an account or an organisation that a hold names is refused by the database',
  },
};

/** Keys whose destruction is an erasure, by the table they lie in. */
export const PROOFS_OF_KEYS: Readonly<Record<string, readonly Proof[]>> = {
  content_key: [
    { mutation: 'a content key is not destroyed' },
    { mutation: 'a content key is said to be destroyed, and stays' },
    { spec: 'src/modules/content/content.db.spec.ts', test: 'D4: is done again on a database restored from before it' },
  ],
};

const KEY_SPACE = 'test/e2e/inventory.key-space.e2e.spec.ts';

/** Declarations of stores that are no tables, by where those are: what is there without one is seen. Each prefix and file is in use in that test. */
export const PROOFS_OF_PLACES: Readonly<Record<string, Proof>> = {
  redis: { spec: KEY_SPACE, test: 'D1: has no key in Redis under a prefix that nobody declared' },
  blob: { spec: KEY_SPACE, test: 'D1: has no file and no blob that nobody declared' },
  files: { spec: KEY_SPACE, test: 'D1: has no file that nobody declared, and has what is declared' },
  telemetry: { spec: KEY_SPACE, test: 'C1: has no label on a metric and no attribute on a span that nobody declared' },
  outside: { spec: 'test/architecture/inventory-outside.spec.ts', test: 'D1: declares what goes where' },
  server: { spec: 'test/architecture/inventory-outside.spec.ts', test: 'D1: declares what goes where' },
};
