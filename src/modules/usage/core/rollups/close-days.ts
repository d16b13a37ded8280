import { Injectable } from '@nestjs/common';
import { DAY_MS } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { ReleaseStatistics } from './release-statistics.js';
import { RollBuckets } from './roll-buckets.js';
import { dayOf, HOUR_MS } from './rollup-windows.js';

/** A day is compared with the ledger and summed so long after its end, when a gateway whose clock is wrong has been found out. */
const CLOSED_MS = 6 * HOUR_MS;
/** A gap of more days than this is worth looking for its end. */
const GAP_DAYS = 8;

/** Makes the days that are over from their hours, after these have been compared with the ledger, and releases their statistics. */
@Injectable()
export class CloseDays {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly progress: RollupProgressRepository,
    private readonly buckets: RollBuckets,
    private readonly statistics: ReleaseStatistics,
  ) {}

  async run(nowMs: number, signal: AbortSignal): Promise<void> {
    const { daysUntilMs, hoursUntilMs } = await this.unitOfWork.asSystem((tx) => this.progress.read(tx));
    const untilMs = dayOf(Math.min(hoursUntilMs, nowMs - CLOSED_MS)).startMs;
    for (let nextMs = daysUntilMs; nextMs < untilMs && !signal.aborted; ) {
      const { startMs } = dayOf(await this.nextDayMs(nextMs, untilMs));
      const isDone = startMs >= untilMs;
      if (!isDone) await this.close(startMs, signal);
      if (signal.aborted) return;
      nextMs = isDone ? untilMs : startMs + DAY_MS;
      await this.unitOfWork.asSystem((tx) => this.progress.advance(tx, 'days', nextMs));
    }
  }

  /** Days go one after the other, but for a long gap. */
  private async nextDayMs(fromMs: number, untilMs: number): Promise<number> {
    if (untilMs - fromMs < GAP_DAYS * DAY_MS) return fromMs;
    return this.unitOfWork.asSystem(async (tx) => {
      const hourMs = (await this.progress.nextHourMs(tx, fromMs)) ?? untilMs;
      return Math.min(untilMs, hourMs, (await this.progress.nextCallMs(tx, fromMs)) ?? untilMs);
    });
  }

  private async close(startMs: number, signal: AbortSignal): Promise<void> {
    const day = dayOf(startMs);
    await this.buckets.mend(day, signal);
    // Statistics are released once: not from a day half compared.
    if (signal.aborted) return;
    const organisations = await this.unitOfWork.asSystem((tx) => this.progress.organisationsWithHours(tx, day.startMs, day.endMs));
    await this.buckets.day(day, organisations);
    await this.statistics.run(day);
  }
}
