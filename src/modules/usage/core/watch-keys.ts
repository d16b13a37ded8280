import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type HabitFigure, KeyHabitsRepository } from '../data/key-habits.repository.js';
import { ReportUnusualKeys } from './report-unusual-keys.js';

const HOUR_MS = 3_600_000;
/** How far back a habit goes, and so how long one is kept. */
const HABIT_MS = 7 * DAY_MS;
/** Calls are committed, and clocks agree, to within less than this. */
const SETTLED_MS = 15_000;
/** The most of the ledger that one transaction sums. */
const STEP_MS = 600_000;

/**
 * Compares what each key does with what it is used to (A7), away from the path of a call: every call of the ledger is read twice, once when it has
 * begun and once when all that began before it have ended and their cost is known.
 */
@Injectable()
export class WatchKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly habits: KeyHabitsRepository,
    private readonly reporting: ReportUnusualKeys,
    private readonly clock: Clock,
  ) {}

  /** Catches up with the ledger. At the first round that is the last seven days: a habit is there from the start. */
  async run(signal: AbortSignal): Promise<void> {
    await this.catchUp('calls', signal);
    await this.catchUp('cost', signal);
  }

  /** Habits are forgotten after seven days, whether keys are watched or not. Answers how many hours of keys were. */
  forgetOld(tx: Tx): Promise<number> {
    return this.habits.forgetBefore(tx, this.clock.nowMs() - HABIT_MS);
  }

  private async catchUp(figure: HabitFigure, signal: AbortSignal): Promise<void> {
    let isBehind = true;
    while (isBehind && !signal.aborted) isBehind = await this.unitOfWork.asSystem((tx) => this.step(tx, figure));
  }

  /** Sums a stretch of the ledger and judges the hour it falls into; whether more is waiting. */
  private async step(tx: Tx, figure: HabitFigure): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const doneMs = Math.max(await this.habits.lockProgress(tx, figure), nowMs - HABIT_MS);
    const endMs = figure === 'calls' ? nowMs - SETTLED_MS : await this.costKnownUntilMs(tx, nowMs - SETTLED_MS);
    const fromMs = endMs - doneMs > STEP_MS ? await this.nextCallMs(tx, figure, { doneMs, endMs }) : doneMs;
    const hourMs = fromMs - (fromMs % HOUR_MS);
    const toMs = Math.min(fromMs + STEP_MS, hourMs + HOUR_MS, endMs);
    if (toMs <= fromMs) return false;
    await this.habits.add(tx, figure, { fromMs, toMs, hourMs });
    // What went on while nobody looked is learned from, and no news.
    if (hourMs > nowMs - 2 * HOUR_MS) await this.reporting.run(tx, figure, hourMs, nowMs);
    return toMs < endMs;
  }

  /** Where a ledger that is far behind goes on: a week without a call is not walked through step by step. */
  private async nextCallMs(tx: Tx, figure: HabitFigure, { doneMs, endMs }: { doneMs: number; endMs: number }): Promise<number> {
    const nextMs = Math.min((await this.habits.firstCallMs(tx, doneMs)) ?? endMs, endMs);
    if (nextMs === endMs) await this.habits.noteProgress(tx, figure, endMs);
    return nextMs;
  }

  private async costKnownUntilMs(tx: Tx, settledMs: number): Promise<number> {
    return Math.min(settledMs, (await this.habits.oldestInFlightMs(tx)) ?? settledMs);
  }
}
