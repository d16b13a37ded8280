import type { RetentionWindows } from '../../../contracts/retention-windows.js';
import type { Clock } from '../../../kernel/clock.js';
import type { InstanceId } from '../../../kernel/ids.js';
import type { Log } from '../../../platform/telemetry/logger.js';
import type { BudgetHold, CallIntent } from '../usage.contract.js';
import { usageErrors } from '../usage.errors.js';
import type { IntentRow, RecordRow } from './call-rows.js';
import type { JournalShelf } from './journal-shelf.js';
import type { LedgerStore } from './ledger-store.js';
import type { LocalBudgets } from './local-budgets.js';

/** Which budgets a call falls under; `hard` tells whether one of them can refuse it. */
export interface BudgetPolicy {
  budgetsFor(intent: CallIntent, nowMs: number): { readonly holds: readonly BudgetHold[]; readonly hard: boolean };
  isHard(budgetId: string): boolean;
  /** When the refusing budget starts anew, milliseconds since the epoch; null for a total. */
  resetsAtMs(budgetId: string, nowMs: number): number | null;
}

/** What the ledger tells the metrics. */
export interface LedgerGauge {
  flushed(seconds: number, calls: number): void;
  mode(mode: 'direct' | 'journal'): void;
  journalBytes(bytes: number): void;
  unknownCost(): void;
}

export interface LedgerOptions {
  readonly instanceId: InstanceId;
  readonly journalMaxBytes: number;
  readonly instanceTimeoutSeconds: number;
}

export interface LedgerParts {
  readonly store: LedgerStore;
  readonly journals: JournalShelf;
  readonly windows: RetentionWindows;
  readonly budgets: BudgetPolicy;
  readonly localBudgets: LocalBudgets;
  readonly clock: Clock;
  readonly log: Log;
  readonly gauge: LedgerGauge;
}

/** An entry of the ledger and the caller who waits for it to be durable. Either an intent or a record. */
export interface WaitingEntry {
  readonly intent: IntentRow | null;
  readonly record: RecordRow | null;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const RETRY_AFTER_SECONDS = 5;

export function ledgerUnavailable(cause?: unknown): Error {
  return usageErrors.ledger_unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
}
