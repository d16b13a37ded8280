import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS, utcDay } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { ReceiptBooks, Receipts } from '../receipts/receipts.js';
import { type StoreAge, Survivors } from './survivors.js';

const HOUR_MS = 3_600_000;
/** A purge cycle (D2): what is due for longer is reported. */
const PATIENCE_MS = DAY_MS;

/** Where it is said that something is overdue. */
@Injectable()
export class AlarmBell {
  constructor(
    readonly books: ReceiptBooks,
    readonly log: Log,
  ) {}
}

/**
 * Looks once an hour how old the oldest thing in every store is: puts it into the metrics, writes the day's receipts, and raises the alarm when
 * something outlived its time by more than a day (D2). The service goes on: it is the promise that is broken.
 */
@Injectable()
export class SurveyStores {
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly survivors: Survivors,
    private readonly receipts: Receipts,
    private readonly bell: AlarmBell,
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
    const nowMs = this.clock.nowMs();
    this.measure(ages, nowMs);
    for (const { store, dataClass, oldest } of ages) {
      await this.receipts.daily(store, dataClass, oldest?.writtenAt ?? null);
      const overdueMs = oldest === null ? 0 : nowMs - oldest.dueAt.getTime();
      if (overdueMs > PATIENCE_MS) await this.alarm({ store, dataClass, oldest }, overdueMs);
    }
    return ages;
  }

  private measure(ages: readonly StoreAge[], nowMs: number): void {
    const { metrics } = this.bell.books;
    for (const [dataClass, stores] of Map.groupBy(ages, (age) => age.dataClass)) {
      const oldest = stores.flatMap((each) => (each.oldest === null ? [] : [each.oldest]));
      const age = Math.max(0, ...oldest.map(({ writtenAt }) => (writtenAt === null ? 0 : nowMs - writtenAt.getTime())));
      const overdue = Math.max(0, ...oldest.map(({ dueAt }) => nowMs - dueAt.getTime()));
      metrics.retentionSurveyed(dataClass, age / 1_000, overdue / 1_000);
    }
  }

  private async alarm({ store, dataClass }: StoreAge, overdueMs: number): Promise<void> {
    const { books, log } = this.bell;
    log.error('something is kept past its time', { component: 'retention', store, ageMs: overdueMs });
    const overdueHours = Math.floor(overdueMs / HOUR_MS);
    await books.unitOfWork.asSystem(async (tx) => {
      if (!(await books.rows.markAlarm(tx, store, utcDay(this.clock.nowMs())))) return;
      await books.audit.record(tx, {
        actor: { kind: 'system', id: 'retention' },
        action: 'retention.overdue',
        organisationId: null,
        target: { type: 'store', id: store },
        detail: { dataClass, overdueHours },
      });
    });
  }
}
