import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { RollupProgressRepository } from '../../data/rollup-progress.repository.js';
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
    const standing = await this.mendLateHours(signal);
    await this.rollOn(signal);
    return standing;
  }

  private async mendLateHours(signal: AbortSignal): Promise<number> {
    let standing = 0;
    for (let isMore = true; isMore && !signal.aborted; ) {
      const { late, daysUntilMs } = await this.unitOfWork.asSystem(async (tx) => {
        const { hoursUntilMs, daysUntilMs: until } = await this.progress.read(tx);
        return { late: await this.progress.lateHours(tx, hoursUntilMs, LATE_BATCH), daysUntilMs: until };
      });
      isMore = late.length === LATE_BATCH;
      standing += await this.buckets.hours(late, daysUntilMs, signal);
    }
    return standing;
  }

  private async rollOn(signal: AbortSignal): Promise<void> {
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
      if (!isDone) await this.roll(hour.startMs);
      nextMs = isDone ? untilMs : hour.endMs;
      await this.unitOfWork.asSystem((tx) => this.progress.advance(tx, 'hours', nextMs));
    }
  }

  private async roll(startMs: number): Promise<void> {
    const hour = hourOf(startMs);
    const organisations = await this.unitOfWork.asSystem((tx) => this.progress.organisationsWithCalls(tx, hour.startMs, hour.endMs));
    await this.buckets.hour(hour, organisations, false);
  }
}
