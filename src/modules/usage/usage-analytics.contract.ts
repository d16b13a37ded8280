import type { ApiKeyId, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { EndUserId } from './usage.contract.js';

/** How calls end; `open` is one still in flight. */
export const CALL_OUTCOMES = ['open', 'succeeded', 'failed', 'cut', 'disconnected', 'interrupted'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** How the tokens of a call are known. */
export const USAGE_SOURCES = ['reported', 'measured', 'none', 'unknown'] as const;
export type UsageSource = (typeof USAGE_SOURCES)[number];

/** Whose calls may be seen at all: decided by who asks, before any filter. Nothing set: every tenant's. */
export interface CallScope {
  readonly organisationId?: OrganisationId | undefined;
  readonly projectId?: ProjectId | undefined;
}

/** Which of them are asked for. All conditions hold together. */
export interface CallFilter {
  readonly projectId?: ProjectId | undefined;
  readonly keyId?: ApiKeyId | undefined;
  /** The model as the client named it. */
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly outcome?: CallOutcome | undefined;
  readonly usageSource?: UsageSource | undefined;
  readonly stream?: boolean | undefined;
  readonly clientRequestId?: string | undefined;
  readonly endUserId?: EndUserId | undefined;
  /** Started at or after, milliseconds since the epoch. */
  readonly fromMs?: number | undefined;
  /** Started before, milliseconds since the epoch. */
  readonly toMs?: number | undefined;
}

export const SUMMARY_DIMENSIONS = ['model', 'provider', 'project', 'key', 'day'] as const;
export type SummaryDimension = (typeof SUMMARY_DIMENSIONS)[number];

/** Sums over calls. Token sums cover the calls whose tokens are known, `cost` those whose cost is; the others are counted beside them. */
export interface UsageFigures {
  /** Calls that ended: the rows of the ledger. */
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cut: number;
  readonly disconnected: number;
  readonly interrupted: number;
  /** Calls in flight, in no other figure. */
  readonly open: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Exact decimal, US dollars. */
  readonly cost: string;
  readonly unknownCostCalls: number;
  readonly unknownUsageCalls: number;
}

export interface UsageGroup {
  /** The value of each dimension asked for; a provider is null when no attempt was made. `day` is `YYYY-MM-DD` UTC of the start. */
  readonly group: Readonly<Partial<Record<SummaryDimension, string | null>>>;
  readonly figures: UsageFigures;
}

export interface UsageSummary {
  /** Highest known cost first, at most `limit` of them. */
  readonly groups: readonly UsageGroup[];
  /** Over all calls, groups left out by the limit included. */
  readonly total: UsageFigures;
  readonly truncated: boolean;
}

export interface SummaryRequest {
  readonly scope: CallScope;
  readonly filter: CallFilter;
  readonly groupBy: readonly SummaryDimension[];
  readonly limit: number;
}

export const SERIES_DIMENSIONS = ['model', 'provider', 'project', 'key', 'operation', 'outcome', 'error'] as const;
export type SeriesDimension = (typeof SERIES_DIMENSIONS)[number];

export const SERIES_GRANULARITIES = ['hour', 'day'] as const;
export type SeriesGranularity = (typeof SERIES_GRANULARITIES)[number];

/** Which calls a series is of. */
export type SeriesFilter = Pick<CallFilter, 'projectId' | 'keyId' | 'model' | 'provider' | 'outcome'>;

export interface SeriesRequest {
  readonly scope: CallScope;
  readonly filter: SeriesFilter;
  readonly granularity: SeriesGranularity;
  /** The start of an hour or a UTC day, milliseconds since the epoch. */
  readonly fromMs: number;
  /** Likewise; not included. */
  readonly toMs: number;
  readonly groupBy: readonly SeriesDimension[];
  /** Groups with a series of their own, the highest known cost first; the others are summed in one. */
  readonly limit: number;
}

/** A distribution of durations, milliseconds, each at most 1/128 off. */
export interface DurationPercentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/** Sums over calls that ended; see {@link UsageFigures}. The durations are null where no call has one. */
export interface SeriesFigures {
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Exact decimal, US dollars. */
  readonly cost: string;
  readonly unknownCostCalls: number;
  readonly unknownUsageCalls: number;
  readonly latencyMs: DurationPercentiles | null;
  readonly firstTokenMs: DurationPercentiles | null;
}

export interface Series {
  /** The value of each dimension asked for; null where a call has none, such as a provider, or an error. */
  readonly group: Readonly<Partial<Record<SeriesDimension, string | null>>>;
  readonly figures: SeriesFigures;
  /** In order of time; one without calls is left out. */
  readonly points: readonly { readonly atMs: number; readonly figures: SeriesFigures }[];
}

export interface UsageSeries {
  readonly series: readonly Series[];
  /** All groups beyond the limit together; null when there are none. */
  readonly others: Omit<Series, 'group'> | null;
  readonly total: SeriesFigures;
}

/**
 * Usage figures over the ledger. Also the injection token. Whatever store answers, the figures are those of the ledger's rows, to
 * the last decimal (U1).
 */
export abstract class UsageAnalytics {
  abstract summarise(request: SummaryRequest): Promise<UsageSummary>;
  /**
   * Figures by hour or day. Raises `usage/hours_not_kept` for hours longer ago than they are kept, `usage/series_too_wide` when the percentiles asked
   * for would be made of too much.
   */
  abstract series(request: SeriesRequest): Promise<UsageSeries>;
}
