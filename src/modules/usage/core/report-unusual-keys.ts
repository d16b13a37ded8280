import { Injectable } from '@nestjs/common';
import { type KeyAnomaly, keyAnomalyEvent } from '../../../contracts/key-anomaly.js';
import { Outbox } from '../../../contracts/outbox.js';
import { DAY_MS } from '../../../kernel/clock.js';
import { Settings } from '../../../platform/config/settings.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type HabitFigure, KeyHabitsRepository } from '../data/key-habits.repository.js';

/** A key younger than this has no habit to be compared with. */
const LEARNING_MS = DAY_MS;

const REASONS: Readonly<Record<HabitFigure, KeyAnomaly>> = { calls: 'burst', cost: 'spend' };

/** Publishes which keys go far beyond their habit (A7): a reason code, in the transaction that counted; each hour of a key once. */
@Injectable()
export class ReportUnusualKeys {
  constructor(
    private readonly habits: KeyHabitsRepository,
    private readonly outbox: Outbox,
    private readonly settings: Settings,
  ) {}

  /** Judges the hours since `sinceMs`. */
  async run(tx: Tx, figure: HabitFigure, sinceMs: number, nowMs: number): Promise<void> {
    const { abuseFactor: factor, abuseCallsPerHour, abuseCostPerHour } = this.settings;
    const floor = figure === 'calls' ? abuseCallsPerHour : abuseCostPerHour;
    const times = { sinceMs, bornBeforeMs: nowMs - LEARNING_MS };
    const unusual = await this.habits.claimUnusual(tx, figure, { floor, factor }, times);
    for (const key of unusual) await this.outbox.publish(tx, keyAnomalyEvent({ ...key, reason: REASONS[figure], atMs: nowMs }));
  }
}
