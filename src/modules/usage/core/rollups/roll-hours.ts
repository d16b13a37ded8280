import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Bucket } from '../../data/rollup-cells.repository.js';
import { type LateHour, RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { RollBuckets } from './roll-buckets.js';
import { hourOf } from './rollup-windows.js';

/** An hour is rolled up so long after its end: calls are committed, and clocks agree, to within less. */
const SETTLED_MS = 15 * 60_000;
/** Late hours taken at a time. */
const LATE_BATCH = 500;

/**
 * Makes the hours that are over: of which no call is in flight any more. Records that come later, by way of a journal or in place of what the reaper
 * wrote, leave a mark with their commit, and their hour is made again.
 */
@Injectable()
export class RollHours {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly progress: RollupProgressRepository,
    private readonly buckets: RollBuckets,
    private readonly clock: Clock,
  ) {}

  /** Answers how many hours of organisations had late records and stand all the same: what they were made of is partly gone. */
  async run(signal: AbortSignal): Promise<number> {
    // Whose hour the database would not make is left alone for the rest of the round.
    const failed = new Set<OrganisationId>();
    await this.rollOn(failed, signal);
    return this.mendLateHours(failed, signal);
  }

  private async mendLateHours(failed: Set<OrganisationId>, signal: AbortSignal): Promise<number> {
    let standing = 0;
    for (let after: LateHour | undefined, isMore = true; isMore && !signal.aborted; ) {
      const { late, daysUntilMs } = await this.unitOfWork.asSystem(async (tx) => {
        const { hoursUntilMs, daysUntilMs: until } = await this.progress.read(tx);
        return { late: await this.progress.lateHours(tx, hoursUntilMs, LATE_BATCH, after), daysUntilMs: until };
      });
      isMore = late.length === LATE_BATCH;
      after = late.at(-1);
      const made = await this.buckets.hours(
        late.filter(({ organisationId }) => !failed.has(organisationId)),
        daysUntilMs,
        signal,
      );
      standing += made.standing;
      for (const organisationId of made.failed) failed.add(organisationId);
    }
    return standing;
  }

  private async rollOn(failed: Set<OrganisationId>, signal: AbortSignal): Promise<void> {
    const { fromMs, untilMs } = await this.unitOfWork.asSystem(async (tx) => {
      const { hoursUntilMs } = await this.progress.read(tx);
      const settledMs = this.clock.nowMs() - SETTLED_MS;
      const oldestMs = (await this.progress.oldestInFlightMs(tx)) ?? settledMs;
      return { fromMs: hoursUntilMs, untilMs: hourOf(Math.min(settledMs, oldestMs)).startMs };
    });
    for (let nextMs = fromMs; nextMs < untilMs && !signal.aborted; ) {
      const callMs = await this.unitOfWork.asSystem((tx) => this.progress.nextCallMs(tx, nextMs));
      const hour = hourOf(Math.min(callMs ?? untilMs, untilMs));
      const isDone = hour.startMs >= untilMs;
      if (!isDone) for (const organisationId of await this.roll(hour, signal)) failed.add(organisationId);
      // Half made: the next round goes on with it.
      if (signal.aborted) return;
      nextMs = isDone ? untilMs : hour.endMs;
      await this.unitOfWork.asSystem((tx) => this.progress.advance(tx, 'hours', nextMs));
    }
  }

  private async roll(hour: Bucket, signal: AbortSignal): Promise<readonly OrganisationId[]> {
    const organisations = await this.unitOfWork.asSystem((tx) => this.progress.organisationsWithCalls(tx, hour.startMs, hour.endMs));
    return (await this.buckets.hour({ hour, withDay: false }, organisations, signal)).failed;
  }
}
