import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Bucket } from '../../data/rollup-cells.repository.js';
import type { DurationPercentiles } from '../../usage-analytics.contract.js';
import { type StatisticCell, type StatisticSource, UsageStatisticsRepository } from '../../data/usage-statistics.repository.js';
import { DurationSketch, percentilesOf } from './duration-sketch.js';
import { type GroupRule, isLargeEnough, type Release, releaseOf, type StatisticLeaf } from './suppress-cells.js';

const FIGURES = ['calls', 'failedCalls', 'inputTokens', 'outputTokens'] as const;
type Figure = (typeof FIGURES)[number];

/** One organisation with more than this of a cell: the cell tells mostly of it. */
const LARGEST_SHARE = 0.8;
/** Models told one by one, those with the most calls. */
const MOST_MODELS = 200;

/**
 * Makes statistics over organisations that tell of none of them, and releases them: for each day once, never again and never for other spans of time, so
 * that no two releases can be subtracted from each other; an organisation erased later changes nothing.
 */
@Injectable()
export class ReleaseStatistics {
  private readonly rule: GroupRule;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly statistics: UsageStatisticsRepository,
    private readonly windows: RetentionWindows,
    settings: Settings,
  ) {
    this.rule = { minimumGroup: settings.statisticsMinimumGroup, largestShare: LARGEST_SHARE };
  }

  async run({ startMs }: Bucket): Promise<void> {
    const day = utcDay(startMs);
    const expiresOn = utcDayAfter(startMs, this.windows.days('usage_aggregate', null));
    await this.unitOfWork.asSystem((tx) => this.statistics.createPartition(tx, expiresOn));
    await this.unitOfWork.asSystem(async (tx) => {
      if (await this.statistics.isReleased(tx, day)) return;
      await this.statistics.release(tx, day, expiresOn, await this.cells(tx, startMs));
    });
  }

  private async cells(tx: Tx, dayMs: number): Promise<StatisticCell[]> {
    const groups = [
      ...Map.groupBy(await this.statistics.sources(tx, dayMs), ({ provider, model }) => JSON.stringify([provider, model])).values(),
    ];
    const named = groups.filter(([first]) => first?.model != null).sort((a, b) => callsOf(b) - callsOf(a));
    const calls = releaseOf(leavesOf(groups, 'calls', new Set(named.slice(0, MOST_MODELS))), this.rule);
    // Nothing is told of a model whose calls are withheld, not even that none of them failed.
    const shown = new Set(groups.filter((group) => shownIn(calls, group) !== null));
    const releases: Releases = new Map(
      FIGURES.map((figure) => [figure, figure === 'calls' ? calls : releaseOf(leavesOf(groups, figure, shown), this.rule)]),
    );
    const providers = new Set(groups.flatMap(([first]) => (first ? [first.provider] : [])));
    const sums = [null, ...providers].map((provider) => sumCell(releases, provider)).filter(({ calls: sum }) => (sum ?? 0) > 0);
    const cells: StatisticCell[] = [];
    for (const group of named.filter((each) => shown.has(each))) cells.push(await this.modelCell(tx, dayMs, releases, group));
    return [...sums, ...cells];
  }

  private async modelCell(tx: Tx, dayMs: number, releases: Releases, group: Group): Promise<StatisticCell> {
    const { provider = '', model = '' } = group[0] ?? {};
    const figures = figuresBy((figure) => shownIn(releases.get(figure), group));
    const rows = await this.statistics.durations(tx, dayMs, provider, model ?? '');
    const [latency, firstToken] = (['latency', 'firstToken'] as const).map((kind) => this.percentiles(rows.map((row) => row[kind])));
    return { provider, model, ...figures, latency: latency ?? null, firstToken: firstToken ?? null };
  }

  /** Percentiles of the calls of a group that is large enough by itself: not every organisation streams. */
  private percentiles(entries: readonly (Buffer | null)[]): DurationPercentiles | null {
    const whole = new DurationSketch();
    const counts = entries.map((bytes, index): [string, number] => {
      const before = whole.count;
      if (bytes) whole.addEntries(bytes);
      return [String(index), whole.count - before];
    });
    return isLargeEnough(new Map(counts), this.rule) ? percentilesOf(whole) : null;
  }
}

/** What the organisations have of one model. */
type Group = readonly StatisticSource[];
type Releases = ReadonlyMap<Figure, Release>;

function leavesOf(groups: readonly Group[], figure: Figure, shown: ReadonlySet<Group>): StatisticLeaf[] {
  return groups.map((group) => ({
    provider: group[0]?.provider ?? '',
    model: group[0]?.model ?? '',
    contributions: new Map(group.map((source) => [source.organisationId, source[figure]])),
    neverShown: !shown.has(group),
  }));
}

/** What a release tells of a group; null when it is withheld. */
function shownIn(release: Release | undefined, [first]: Group): number | null {
  const found = [...(release?.leaves ?? [])].find(([leaf]) => leaf.provider === first?.provider && leaf.model === (first.model ?? ''));
  return found?.[1] ?? null;
}

function sumCell(releases: Releases, provider: string | null): StatisticCell {
  const sum = (figure: Figure): number | null => {
    const release = releases.get(figure);
    return (provider === null ? release?.total : release?.providers.get(provider)) ?? null;
  };
  return { provider, model: null, ...figuresBy(sum), latency: null, firstToken: null };
}

function figuresBy(of: (figure: Figure) => number | null): Pick<StatisticCell, Figure> {
  return { calls: of('calls'), failedCalls: of('failedCalls'), inputTokens: of('inputTokens'), outputTokens: of('outputTokens') };
}

function callsOf(group: Group): number {
  return group.reduce((sum, { calls }) => sum + calls, 0);
}
