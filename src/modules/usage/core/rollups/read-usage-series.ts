import { Injectable } from '@nestjs/common';
import { Money } from '../../../../kernel/money.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { inScope } from '../../data/in-scope.js';
import { RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { type SeriesRow, type SeriesSeams, UsageSeriesRepository } from '../../data/usage-series.repository.js';
import type { Series, SeriesFigures, SeriesRequest, UsageSeries } from '../../usage-analytics.contract.js';
import { usageErrors } from '../../usage.errors.js';
import { DurationSketch, percentilesOf } from './duration-sketch.js';
import { dayOf, RollupWindows } from './rollup-windows.js';

/** Sketches put together for one answer: some ten thousand cells, a fraction of a second. */
const MOST_SKETCH_BYTES = 16 * 1_048_576;

/**
 * Figures by hour or day (U1). Roll-ups answer for what is over; from the first hour that is not rolled up yet, or has records its roll-up does not know
 * of, the ledger does. Where that is is read first: what is rolled up meanwhile is then read from the ledger, which has the same calls.
 */
@Injectable()
export class ReadUsageSeries {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly progress: RollupProgressRepository,
    private readonly rows: UsageSeriesRepository,
    private readonly windows: RollupWindows,
  ) {}

  /** See `UsageAnalytics.series`. */
  async run(request: SeriesRequest): Promise<UsageSeries> {
    if (request.granularity === 'hour' && request.fromMs < this.windows.hoursSinceMs(request.scope.organisationId ?? null)) {
      throw usageErrors.hours_not_kept({ details: { param: 'from' } });
    }
    const seams = await this.seams(request);
    const rows = await inScope(this.unitOfWork, request.scope, async (tx) => {
      const bytes = await this.rows.sketchBytes(tx, request, seams);
      if (bytes > MOST_SKETCH_BYTES) throw usageErrors.series_too_wide({ details: { param: 'from' } });
      return this.rows.read(tx, request, seams);
    });
    return seriesOf(rows, request);
  }

  private async seams({ scope }: SeriesRequest): Promise<SeriesSeams> {
    const { organisationId } = scope;
    const recordsSinceMs = this.windows.recordsSinceMs(organisationId ?? null);
    return this.unitOfWork.asSystem(async (tx) => {
      const { daysUntilMs, hoursUntilMs } = await this.progress.read(tx);
      const lateMs = (await this.progress.firstLateHourMs(tx, recordsSinceMs, organisationId)) ?? hoursUntilMs;
      if (lateMs >= daysUntilMs) return { daysUntilMs, hoursUntilMs: Math.min(hoursUntilMs, lateMs) };
      // Hours of a day that is over may be gone where its records are not: that day is read from the ledger whole.
      const dayMs = dayOf(lateMs).startMs;
      return { daysUntilMs: dayMs, hoursUntilMs: dayMs };
    });
  }
}

function seriesOf(rows: readonly SeriesRow[], { groupBy }: SeriesRequest): UsageSeries {
  const groups = [...Map.groupBy(rows, ({ place }) => place).values()];
  const all = groups.map((own): Series => {
    const group = own[0]?.group ?? null;
    return {
      group: Object.fromEntries(groupBy.map((dimension, index) => [dimension, group?.[index] ?? null])),
      figures: figuresOf(own),
      points: own.map((row) => ({ atMs: row.at.getTime(), figures: figuresOf([row]) })),
    };
  });
  const beyond = groups.findIndex(([first]) => first?.group === null);
  const others = beyond < 0 ? undefined : all[beyond];
  return {
    series: all.filter((_, index) => index !== beyond),
    others: others === undefined ? null : { figures: others.figures, points: others.points },
    total: figuresOf(rows),
  };
}

const SUMMED = [
  'calls',
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'unknownCostCalls',
  'unknownUsageCalls',
] as const;

function figuresOf(rows: readonly SeriesRow[]): SeriesFigures {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)]));
  return {
    ...(sums as Record<(typeof SUMMED)[number], number>),
    cost: Money.sum(rows.map(({ cost }) => Money.parse(cost))).toString(),
    latencyMs: percentilesOf(sketchOf(rows.map(({ latency }) => latency))),
    firstTokenMs: percentilesOf(sketchOf(rows.map(({ firstToken }) => firstToken))),
  };
}

function sketchOf(entries: readonly (Buffer | null)[]): DurationSketch {
  const sketch = new DurationSketch();
  for (const bytes of entries) if (bytes) sketch.addEntries(bytes);
  return sketch;
}
