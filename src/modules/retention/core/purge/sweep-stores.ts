import { Injectable } from '@nestjs/common';
import { LegalHolds } from '../../../../contracts/legal-holds.js';
import type { SweepContext } from '../../../../contracts/swept-store.js';
import { Clock } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { CloseReceipts } from '../receipts/close-receipts.js';
import { SweepRegistry } from '../survey/sweep-registry.js';
import { AccountForSweeps } from './account-for-sweeps.js';

/** What goes within minutes is summed up: a receipt an hour for each store that something was swept from. */
const RECEIPT_EVERY_MS = 3_600_000;

/** What is swept, by what it is held, and how it is accounted for. */
@Injectable()
export class SweepGround {
  constructor(
    readonly registry: SweepRegistry,
    readonly holds: LegalHolds,
    readonly accounts: AccountForSweeps,
    readonly closing: CloseReceipts,
  ) {}
}

/** Lets every module sweep what it has that is not partitioned, one after the other. One that fails does not keep others from it. */
@Injectable()
export class SweepStores {
  constructor(
    private readonly ground: SweepGround,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** What all processes share, by the worker. Raises what the first sweep that failed raised, once all have had their turn. */
  async run(signal: AbortSignal): Promise<void> {
    const { registry, accounts, closing } = this.ground;
    const context = this.context(signal);
    const tables = registry.tables().map((each) => () => accounts.tables(each, context));
    const stores = registry.stores().map((each) => () => accounts.store(each, context));
    const failures = await this.oneByOne([...tables, ...stores], signal);
    await closing.run(RECEIPT_EVERY_MS);
    if (failures.length > 0) throw failures[0];
  }

  /** What this process has to itself. Failures are in the log, and the next round tries again. */
  async runOwn(signal: AbortSignal): Promise<void> {
    const context = this.context(signal);
    const stores = this.ground.registry.ownStores().map((each) => () => this.ground.accounts.store(each, context));
    await this.oneByOne(stores, signal);
  }

  private async oneByOne(sweeps: readonly (() => Promise<void>)[], signal: AbortSignal): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const sweep of sweeps) {
      if (signal.aborted) break;
      await sweep().catch((error: unknown) => {
        this.log.warn('a sweep failed; the next round tries again', { component: 'retention', err: error });
        failures.push(error);
      });
    }
    return failures;
  }

  private context(signal: AbortSignal): SweepContext {
    return { nowMs: this.clock.nowMs(), signal, holds: this.ground.holds };
  }
}
