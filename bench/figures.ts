/** From rounds to the figures that are printed and written: medians, differences to direct, ratios, and what was asked for. */
import type { Percentiles } from './load.ts';
import type { Mode, TargetName } from './options.ts';
import type { Cell, RoundFigures } from './round.ts';

export interface Result extends Cell {
  readonly target: TargetName;
  readonly requestsPerSecond: number;
  /** Milliseconds to the body's first byte, and to its last. */
  readonly firstByteMs: Percentiles;
  readonly totalMs: Percentiles;
  /**
   * The percentile minus the same percentile of direct, same mode and connections: of the whole answer when it is not streamed, of
   * its first byte when it is. A difference of percentiles, not a percentile of differences: the two runs share no requests.
   */
  readonly addedLatencyMs: Percentiles;
  /** Undefined where too little CPU was used for the kernel's counter. */
  readonly cpuMicrosPerRequest: number | undefined;
  /** CPU of the gateway's database, on the load core. */
  readonly databaseCpuMicrosPerRequest: number | undefined;
  readonly rssPeakMb: number;
  readonly gatewayCoreShare: number;
  readonly loadCoreShare: number;
  /** Share of the time the gateway waited for its core: what other work on the machine took from it. */
  readonly waitedShare: number;
  readonly foreignShare: number;
  readonly requests: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly bodyBytesPerRequest: number;
  /** The load core was full: the target could have done more. */
  readonly floor: boolean;
  /** Each round's req/s, to see how noisy the machine was. */
  readonly roundsRequestsPerSecond: readonly number[];
}

export interface Headlines {
  readonly ratios: { readonly nonStreaming32: { readonly portkey: number | null; readonly bare: number | null } };
  readonly addedLatencyP50Ms: { readonly c1: number | null };
  readonly streams256: { readonly ttftAddedP99Ms: number | null };
  readonly rssMb: number | null;
}

/** A held figure of the issue: what was measured against what was asked for. */
export interface Goal {
  readonly name: string;
  readonly measured: number | null;
  readonly wanted: string;
  readonly held: boolean | null;
}

/** Above this the load core has nothing left to give. */
const fullCore = 0.93;
/** Ten ticks: below it the CPU figure is mostly rounding. */
const leastCpuSeconds = 0.1;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

const keys = ['p50', 'p95', 'p99'] as const;

function mapPercentiles(value: (key: (typeof keys)[number]) => number | undefined): Percentiles {
  return { p50: value('p50'), p95: value('p95'), p99: value('p99') };
}

function medianPercentiles(rounds: readonly Percentiles[]): Percentiles {
  return mapPercentiles((key) => {
    const values = rounds.map((round) => round[key]).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Over all rounds together: the kernel counts in ticks of 10 ms, and a few paced streams use hardly more. */
function microsPerRequest(cpuSeconds: number, requests: number): number | undefined {
  return cpuSeconds < leastCpuSeconds || requests === 0 ? undefined : (cpuSeconds / requests) * 1e6;
}

function addFailures(rounds: readonly RoundFigures[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { load } of rounds) {
    for (const [reason, count] of Object.entries(load.failures)) all[reason] = (all[reason] ?? 0) + count;
  }
  return all;
}

/** One cell of one target. `direct` is the same cell without a gateway, undefined when this is it. */
export function summarise(target: TargetName, cell: Cell, rounds: readonly RoundFigures[], direct: Result | undefined): Result {
  const over = (pick: (round: RoundFigures) => number): number => median(rounds.map(pick));
  const requests = sum(rounds.map((round) => round.load.requests));
  const firstByteMs = medianPercentiles(rounds.map((round) => round.load.firstByteMs));
  const totalMs = medianPercentiles(rounds.map((round) => round.load.totalMs));
  const relevant = (of: Pick<Result, 'firstByteMs' | 'totalMs'>): Percentiles => (cell.mode === 'streaming' ? of.firstByteMs : of.totalMs);
  const perSecond = rounds.map((round) => round.load.requests / round.load.seconds);
  return {
    target,
    ...cell,
    requestsPerSecond: median(perSecond),
    firstByteMs,
    totalMs,
    addedLatencyMs: mapPercentiles((key) => {
      const own = relevant({ firstByteMs, totalMs })[key];
      const without = direct === undefined ? own : relevant(direct)[key];
      return own === undefined || without === undefined ? undefined : own - without;
    }),
    cpuMicrosPerRequest: microsPerRequest(sum(rounds.map((round) => round.gatewayCpuSeconds)), requests),
    databaseCpuMicrosPerRequest: microsPerRequest(sum(rounds.map((round) => round.sideCpuSeconds)), requests),
    rssPeakMb: Math.max(...rounds.map((round) => round.gatewayRssPeakMb)),
    gatewayCoreShare: over((round) => round.gatewayCoreShare),
    loadCoreShare: over((round) => round.loadCoreShare),
    waitedShare: over((round) => round.gatewayWaitedShare),
    foreignShare: over((round) => round.foreignShare),
    requests,
    failures: addFailures(rounds),
    bodyBytesPerRequest: over((round) => round.load.bodyBytesPerRequest),
    floor: target !== 'direct' && over((round) => round.loadCoreShare) > fullCore,
    roundsRequestsPerSecond: perSecond.map(Math.round),
  };
}

export function headlines(results: readonly Result[]): Headlines {
  const find = (target: TargetName, mode: Mode, connections: number): Result | undefined =>
    results.find((result) => result.target === target && result.mode === mode && result.connections === connections);
  const ratio = (other: TargetName): number | null => {
    const [own, theirs] = [find('lethe', 'nonStreaming', 32), find(other, 'nonStreaming', 32)];
    return own === undefined || theirs === undefined ? null : own.requestsPerSecond / theirs.requestsPerSecond;
  };
  return {
    ratios: { nonStreaming32: { portkey: ratio('portkey'), bare: ratio('bare') } },
    addedLatencyP50Ms: { c1: find('lethe', 'nonStreaming', 1)?.addedLatencyMs.p50 ?? null },
    streams256: { ttftAddedP99Ms: find('lethe', 'streaming', 256)?.addedLatencyMs.p99 ?? null },
    rssMb: find('lethe', 'streaming', 256)?.rssPeakMb ?? null,
  };
}

export function goals(lines: Headlines): readonly Goal[] {
  const atLeast = (name: string, measured: number | null, wanted: number): Goal => ({
    name,
    measured,
    wanted: `≥ ${wanted}`,
    held: measured === null ? null : measured >= wanted,
  });
  const atMost = (name: string, measured: number | null, wanted: number): Goal => ({
    name,
    measured,
    wanted: `≤ ${wanted}`,
    held: measured === null ? null : measured <= wanted,
  });
  return [
    atLeast('req/s ÷ Portkey, non-streaming, 32 connections', lines.ratios.nonStreaming32.portkey, 3),
    atLeast('req/s ÷ bare proxy, non-streaming, 32 connections', lines.ratios.nonStreaming32.bare, 0.5),
    atMost('added latency p50 at 1 connection, ms', lines.addedLatencyP50Ms.c1, 2),
    atMost('added time to first byte p99, 256 streams, ms', lines.streams256.ttftAddedP99Ms, 25),
    atMost('RSS, MB', lines.rssMb, 300),
  ];
}
