import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsOptional } from 'class-validator';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { IsCleanText, IsId, IsInstant, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { PageQuery } from '../../../platform/http/pagination.js';
import { AsList, AsNumber } from '../../../platform/http/query-values.js';
import type { AskedScope } from '../core/call-scope.js';
import {
  CALL_OUTCOMES,
  type CallFilter,
  type CallOutcome,
  type SeriesFilter,
  SUMMARY_DIMENSIONS,
  type SummaryDimension,
  USAGE_SOURCES,
  type UsageSource,
} from '../usage-analytics.contract.js';
import type { EndUserId } from '../usage.contract.js';

const MOST_GROUPS = 1_000;

/** Which calls; all conditions hold together. */
class CallFilterQuery {
  /** Operators: only this organisation. Service keys see their own project only. */
  @IsOptional()
  @IsId()
  organisationId?: string;

  @IsOptional()
  @IsId()
  projectId?: string;

  @IsOptional()
  @IsId()
  keyId?: string;

  /** The model as the client named it. */
  @IsOptional()
  @IsCleanText({ min: 1, max: 256 })
  model?: string;

  @IsOptional()
  @IsCleanText({ min: 1, max: 60 })
  provider?: string;

  /** How the call ended; `open` while it is in flight. */
  @ApiPropertyOptional({ enum: CALL_OUTCOMES })
  @IsOptional()
  @IsIn(CALL_OUTCOMES)
  outcome?: CallOutcome;

  /** How its tokens are known. */
  @ApiPropertyOptional({ enum: USAGE_SOURCES })
  @IsOptional()
  @IsIn(USAGE_SOURCES)
  usageSource?: UsageSource;

  @ApiPropertyOptional({ type: 'boolean' })
  @Transform(({ obj }: { obj: Record<string, unknown> }) => toBoolean(obj['stream']))
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  stream?: boolean;

  /** The id the client gave the call. */
  @IsOptional()
  @IsCleanText({ min: 1, max: 512 })
  clientRequestId?: string;

  /** Whom it was made for: the id that `POST /api/v1/organisations/{organisationId}/end-users/find` gives. */
  @IsOptional()
  @IsId()
  endUserId?: string;

  /** Started at or after. @example "2026-03-01T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  from?: string;

  /** Started before. @example "2026-04-01T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  to?: string;
}

/** Which calls to list, page by page. */
export class CallsQuery extends IntersectionType(PageQuery, CallFilterQuery) {}

/** Which calls to sum up, and by what. */
export class UsageSummaryQuery extends CallFilterQuery {
  /** Any of `model`, `provider`, `project`, `key` and `day`, with commas between; left out, only the total is given. */
  @ApiPropertyOptional({ type: 'array', items: { type: 'string', enum: [...SUMMARY_DIMENSIONS] }, example: ['model', 'day'] })
  @AsList()
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(SUMMARY_DIMENSIONS.length)
  @IsIn(SUMMARY_DIMENSIONS, { each: true })
  groupBy: SummaryDimension[] = [];

  /** Groups to give at most, those with the highest known cost first. The total covers all of them. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_GROUPS, default: MOST_GROUPS })
  @AsNumber()
  @IsWholeNumber({ min: 1, max: MOST_GROUPS })
  limit: number = MOST_GROUPS;
}

function toBoolean(value: unknown): unknown {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

/** The conditions of a query as the ledger takes them. */
export function callFilter(query: CallFilterQuery): CallFilter {
  const { usageSource, stream, clientRequestId, endUserId } = query;
  return {
    ...seriesFilter(query),
    usageSource,
    stream,
    clientRequestId,
    endUserId: endUserId?.toLowerCase() as EndUserId | undefined,
    fromMs: query.from === undefined ? undefined : Date.parse(query.from),
    toMs: query.to === undefined ? undefined : Date.parse(query.to),
  };
}

/** Those of them that a series can have. */
export function seriesFilter(query: Pick<CallFilterQuery, keyof SeriesFilter>): SeriesFilter {
  const { projectId, keyId, model, provider, outcome } = query;
  return {
    projectId: projectId?.toLowerCase() as ProjectId | undefined,
    keyId: keyId?.toLowerCase() as ApiKeyId | undefined,
    model,
    provider,
    outcome,
  };
}

/** The organisation and project a query asks for. */
export function askedScope({ organisationId, projectId }: Pick<CallFilterQuery, keyof AskedScope>): AskedScope {
  return {
    organisationId: organisationId?.toLowerCase() as OrganisationId | undefined,
    projectId: projectId?.toLowerCase() as ProjectId | undefined,
  };
}

/** One try at one upstream (R3). */
export class CallAttemptDto {
  credentialId: string;

  provider: string;

  /** The model name sent upstream. */
  model: string;

  /** Why it was made. */
  @ApiProperty({ enum: ['first', 'retry', 'failover'] })
  reason: 'first' | 'retry' | 'failover';

  outcome: string;

  /** HTTP status of the upstream; null when it gave none. */
  @ApiProperty({ type: 'integer', nullable: true })
  status: number | null;

  ms: number;
}

/** Where a call's hold is held. */
export class CallBudgetDto {
  /** The budget. */
  id: string;

  /** First day of its period, UTC. */
  start: string;
}

/** One call as the ledger has it. Fields that are not known yet, or never became known, are null. */
export class CallDto {
  id: string;

  organisationId: string;

  projectId: string;

  keyId: string;

  startedAt: string;

  /** The last day the record is kept, UTC. @example "2026-03-31" */
  expiresOn: string;

  operation: string;

  /** The model as the client named it. */
  requestedModel: string;

  stream: boolean;

  clientRequestId: string | null;

  /** Stands for the end user the call named; null when it named none. */
  endUserId: string | null;

  /** `open` while in flight; `interrupted` when the gateway that carried it is gone. */
  @ApiProperty({ enum: CALL_OUTCOMES })
  outcome: CallOutcome;

  @ApiProperty({ type: 'integer', nullable: true })
  httpStatus: number | null;

  errorCode: string | null;

  finishReason: string | null;

  provider: string | null;

  /** The model name sent upstream. */
  upstreamModel: string | null;

  credentialId: string | null;

  upstreamRequestId: string | null;

  /** How the tokens are known. */
  @ApiProperty({ enum: USAGE_SOURCES, nullable: true })
  usageSource: UsageSource | null;

  /** Cached and cache-write tokens included. */
  @ApiProperty({ type: 'integer', nullable: true })
  inputTokens: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  cachedInputTokens: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  cacheWriteTokens: number | null;

  /** Reasoning tokens included. */
  @ApiProperty({ type: 'integer', nullable: true })
  outputTokens: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  reasoningTokens: number | null;

  /** Exact decimal; null unless `costState` is `known`. */
  cost: string | null;

  /** `pending` while in flight, `unknown` when the call ended without a price or a count: never zero by default. */
  @ApiProperty({ enum: ['known', 'unknown', 'pending'] })
  costState: 'known' | 'unknown' | 'pending';

  currency: string;

  @ApiProperty({ enum: ['catalogue', 'override'], nullable: true })
  priceSource: 'catalogue' | 'override' | null;

  @ApiProperty({ type: 'integer', nullable: true })
  latencyMs: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  firstTokenMs: number | null;

  /** The routing trace, in the order of the attempts. */
  @ApiProperty({ type: () => [CallAttemptDto] })
  attempts: readonly CallAttemptDto[];

  /** What was held for it under its budgets, US dollars. */
  hold: string;

  @ApiProperty({ type: () => [CallBudgetDto] })
  budgets: readonly CallBudgetDto[];
}
