import type { ApiKeyId, OrganisationId, ProjectId } from '../../kernel/ids.js';

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

/**
 * Usage figures over the ledger. Also the injection token. Whatever store answers, the figures are those of the ledger's rows, to
 * the last decimal (U1).
 */
export abstract class UsageAnalytics {
  abstract summarise(request: SummaryRequest): Promise<UsageSummary>;
}
