import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import { Metrics } from '../../../../platform/telemetry/metrics.js';
import { Receipts } from '../receipts/receipts.js';
import { OverdueAlarm } from './overdue-alarm.js';
import { type StoreAge, Survivors } from './survivors.js';

const HOUR_MS = 3_600_000;
/** A purge cycle (D2): what is due for longer is reported. */
const PATIENCE_MS = DAY_MS;

/** What is made of a look at the stores: receipts and, when something outlived its time by more than a day, the alarm (D2). */
@Injectable()
export class SurveyReport {
  constructor(
    private readonly receipts: Receipts,
    private readonly alarm: OverdueAlarm,
    private readonly clock: Clock,
  ) {}

  /** Writes the day's receipts, and raises the alarm. The service goes on: it is the promise that is broken. */
  async run(ages: readonly StoreAge[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    for (const age of ages) await this.receipts.daily(age);
    const overdue = ages.map(({ store, dataClass, oldest }) => ({
      store,
      dataClass,
      overdueMs: oldest === null ? 0 : nowMs - oldest.dueAt.getTime(),
    }));
    await this.alarm.raise(overdue.filter(({ overdueMs }) => overdueMs > PATIENCE_MS));
  }

  /** Says which alarms are over. */
  end(): Promise<void> {
    return this.alarm.end();
  }
}

/** Looks once an hour how old the oldest thing is in every store that all processes share, and puts it into the metrics and the {@link SurveyReport}. */
@Injectable()
export class SurveyStores {
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly survivors: Survivors,
    private readonly report: SurveyReport,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** Does nothing within an hour of the last time, unless the clock went back. */
  async runHourly(): Promise<void> {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextAtMs && this.nextAtMs - nowMs <= HOUR_MS) return;
    await this.run();
    this.nextAtMs = nowMs + HOUR_MS;
  }

  async run(): Promise<readonly StoreAge[]> {
    const ages = await this.survivors.all();
    this.measure(ages, this.clock.nowMs());
    await this.report.run(ages);
    await this.report.end();
    return ages;
  }

  private measure(ages: readonly StoreAge[], nowMs: number): void {
    for (const [dataClass, stores] of Map.groupBy(ages, (age) => age.dataClass)) {
      const oldest = stores.flatMap((each) => (each.oldest === null ? [] : [each.oldest]));
      const age = Math.max(0, ...oldest.map(({ writtenAt }) => (writtenAt === null ? 0 : nowMs - writtenAt.getTime())));
      const overdue = Math.max(0, ...oldest.map(({ dueAt }) => nowMs - dueAt.getTime()));
      this.metrics.retentionSurveyed(dataClass, age / 1_000, overdue / 1_000);
    }
  }
}
