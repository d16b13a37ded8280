import { Injectable } from '@nestjs/common';
import { PartitionMaintenance } from '../retention.contract.js';
import { EmptyHolds } from './holds/empty-holds.js';
import { RefileRows } from './purge/refile-rows.js';
import { CloseReceipts } from './receipts/close-receipts.js';
import { TrustedClock } from './purge/trusted-clock.js';
import { SurveyStores } from './survey/survey-stores.js';

/** What comes before a round and after it. */
@Injectable()
export class RoundBounds {
  constructor(
    private readonly trusted: TrustedClock,
    private readonly closing: CloseReceipts,
    private readonly survey: SurveyStores,
  ) {}

  /** Accounts for what a round that was killed has done. False when the time is not to be believed. */
  async begin(): Promise<boolean> {
    if (!(await this.trusted.agrees())) return false;
    await this.closing.run(0);
    return true;
  }

  /** Looks, once an hour, whether anything is left that should be gone. */
  end(): Promise<void> {
    return this.survey.runHourly();
  }
}

/**
 * One round of retention: files anew what windows have become shorter for, so that what is overdue by now goes in the same round; makes and drops
 * partitions; lets go of what released holds kept; and looks, once an hour, whether anything is left that should be gone. Every step may be
 * repeated, so a round that is killed is simply run again.
 */
@Injectable()
export class RunRetention {
  constructor(
    private readonly refiling: RefileRows,
    private readonly maintenance: PartitionMaintenance,
    private readonly holds: EmptyHolds,
    private readonly bounds: RoundBounds,
  ) {}

  async run(signal?: AbortSignal): Promise<void> {
    if (!(await this.bounds.begin())) return;
    await this.refiling.run(signal);
    await this.maintenance.run(signal);
    await this.holds.run(signal);
    if (signal?.aborted !== true) await this.bounds.end();
  }
}
