import type { Registry } from 'prom-client';
import type { MetricLabel } from './telemetry.inventory.js';

/** One Prometheus sample line, in the form prom-client's registry prints. */
interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

type Labels = { readonly [Name in MetricLabel]?: string };

/** A counter's value under one set of labels. */
export class CounterSeries {
  value = 0;

  constructor(readonly labels: Labels) {}
}

/** A histogram's buckets under one set of labels. Recording is a short loop over plain numbers. */
export class HistogramSeries {
  private readonly counts: Float64Array;
  private sum = 0;

  constructor(
    readonly labels: Labels,
    private readonly bounds: readonly number[],
  ) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Adds one observation; one that is no finite number at or above zero is ignored, as a metric must never break a call. */
  record(value: number): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return;
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }

  /** Nothing until something was recorded: an empty histogram is a dozen lines that say nothing. */
  samples(name: string): Sample[] {
    if (this.counts.every((count) => count === 0)) return [];
    let cumulative = 0;
    const buckets = [...this.bounds, '+Inf'].map((bound, index) => {
      cumulative += this.counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...this.labels, le: bound }, value: cumulative };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.sum },
      { metricName: `${name}_count`, labels: this.labels, value: cumulative },
    ];
  }
}

/** What prom-client's registry asks of a metric. */
interface PrintedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: Sample[];
}

/**
 * A family of series that prom-client's registry prints. prom-client's own classes check, sort and join the labels anew at
 * every observation (about 1 µs each); here the caller holds the series, and an observation costs some nanoseconds.
 */
export class SeriesFamily<Series extends CounterSeries | HistogramSeries> {
  private readonly series = new Map<string, Series>();

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly type: 'counter' | 'histogram',
    private readonly create: (labels: Labels) => Series,
  ) {}

  /** The series with these labels, the same one every time: two would print the same line twice, which a scrape refuses. */
  of(labels: Labels): Series {
    const key = JSON.stringify(labels);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const series = this.create(labels);
    this.series.set(key, series);
    return series;
  }

  get(): Promise<PrintedMetric> {
    const all = [...this.series.values()];
    const values = all.flatMap((series) =>
      series instanceof HistogramSeries
        ? series.samples(this.name)
        : [{ metricName: this.name, labels: series.labels, value: series.value }],
    );
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, aggregator: 'sum', values });
  }
}

export function histogramFamily(name: string, help: string, bounds: readonly number[]): SeriesFamily<HistogramSeries> {
  return new SeriesFamily(name, help, 'histogram', (labels) => new HistogramSeries(labels, bounds));
}

/** The registry asks a metric only for its name and get(); prom-client's types name its own classes. */
export function register(registry: Registry, family: SeriesFamily<CounterSeries> | SeriesFamily<HistogramSeries>): void {
  registry.registerMetric(family as unknown as Parameters<Registry['registerMetric']>[0]);
}
