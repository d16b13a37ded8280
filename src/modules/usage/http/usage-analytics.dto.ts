import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsOptional } from 'class-validator';
import { invalidRequest } from '../../../kernel/errors.js';
import { DAY_MS } from '../../../kernel/clock.js';
import { IsCleanText, IsId, IsInstant, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { AsList, AsNumber } from '../../../platform/http/query-values.js';
import {
  CALL_OUTCOMES,
  type CallOutcome,
  type CallScope,
  type DurationPercentiles,
  SERIES_DIMENSIONS,
  SERIES_GRANULARITIES,
  type SeriesDimension,
  type SeriesFigures,
  type SeriesGranularity,
  type SeriesRequest,
  type UsageSeries,
} from '../usage-analytics.contract.js';
import { seriesFilter } from './usage.dto.js';
import { groupView } from './usage-summary.dto.js';

const MOST_GROUPS = 20;
const HOUR_MS = 3_600_000;
const BUCKET_MS: Readonly<Record<SeriesGranularity, number>> = { hour: HOUR_MS, day: DAY_MS };
/** A month of hours; a year of days and the month before it. */
const MOST_BUCKETS: Readonly<Record<SeriesGranularity, number>> = { hour: 31 * 24, day: 400 };
const USUAL_BUCKETS: Readonly<Record<SeriesGranularity, number>> = { hour: 24, day: 30 };
/** How a call that is in a roll-up ended: it is not open. */
const ENDED = CALL_OUTCOMES.filter((outcome) => outcome !== 'open');

/** Which calls, over which time, by what. */
export class UsageSeriesQuery {
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

  /** How the calls ended. */
  @ApiPropertyOptional({ enum: ENDED })
  @IsOptional()
  @IsIn(ENDED)
  outcome?: CallOutcome;

  @ApiPropertyOptional({ enum: SERIES_GRANULARITIES, default: 'day' })
  @IsIn(SERIES_GRANULARITIES)
  granularity: SeriesGranularity = 'day';

  /** Brought down to the start of its hour or UTC day. Left out: 24 hours or 30 days before `to`. @example "2026-03-01T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  from?: string;

  /** Brought up to the end of its hour or UTC day. Left out: now. At most 744 hours or 400 days after `from`. @example "2026-04-01T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  to?: string;

  /** Any of `model`, `provider`, `project`, `key`, `operation`, `outcome` and `error`, with commas between; left out, there is one series. */
  @ApiPropertyOptional({ type: 'array', items: { type: 'string', enum: [...SERIES_DIMENSIONS] }, example: ['model'] })
  @AsList()
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(SERIES_DIMENSIONS.length)
  @IsIn(SERIES_DIMENSIONS, { each: true })
  groupBy: SeriesDimension[] = [];

  /** Groups with a series of their own, the highest known cost first; the rest is summed as `others`. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_GROUPS, default: 10 })
  @AsNumber()
  @IsWholeNumber({ min: 1, max: MOST_GROUPS })
  limit = 10;
}

/** The query in whole buckets. Raises `lethe/invalid_request` for a time that is empty or too long. */
export function seriesRequest(query: UsageSeriesQuery, scope: CallScope, nowMs: number): SeriesRequest {
  const { granularity, groupBy, limit } = query;
  const bucketMs = BUCKET_MS[granularity];
  const toMs = Math.ceil((query.to === undefined ? nowMs : Date.parse(query.to)) / bucketMs) * bucketMs;
  const usualMs = toMs - USUAL_BUCKETS[granularity] * bucketMs;
  const fromMs = query.from === undefined ? usualMs : Math.floor(Date.parse(query.from) / bucketMs) * bucketMs;
  const buckets = (toMs - fromMs) / bucketMs;
  if (buckets <= 0) throw invalidRequest([{ field: 'from', message: 'must be before to' }]);
  if (buckets > MOST_BUCKETS[granularity]) {
    throw invalidRequest([{ field: 'from', message: `must be at most ${MOST_BUCKETS[granularity]} ${granularity}s before to` }]);
  }
  return { scope, filter: seriesFilter(query), granularity, fromMs, toMs, groupBy, limit };
}

/** Milliseconds, each at most 1/128 off: half of the calls took no longer than `p50`. */
export class DurationPercentilesDto implements DurationPercentiles {
  @ApiProperty({ type: 'integer' })
  p50: number;

  @ApiProperty({ type: 'integer' })
  p90: number;

  @ApiProperty({ type: 'integer' })
  p95: number;

  @ApiProperty({ type: 'integer' })
  p99: number;
}

/** Sums over calls that ended. Token sums and `cost` cover the calls for which they are known; the others are counted beside them. */
class SeriesFiguresDto implements SeriesFigures {
  @ApiProperty({ type: 'integer' })
  calls: number;

  /** Cached and cache-write tokens included. */
  @ApiProperty({ type: 'integer' })
  inputTokens: number;

  @ApiProperty({ type: 'integer' })
  cachedInputTokens: number;

  @ApiProperty({ type: 'integer' })
  cacheWriteTokens: number;

  /** Reasoning tokens included. */
  @ApiProperty({ type: 'integer' })
  outputTokens: number;

  @ApiProperty({ type: 'integer' })
  reasoningTokens: number;

  /** Sum of the known costs, US dollars, exact. */
  cost: string;

  /** Calls whose cost is unknown, and so not in `cost`. */
  @ApiProperty({ type: 'integer' })
  unknownCostCalls: number;

  /** Calls whose tokens are unknown, and so not in the sums. */
  @ApiProperty({ type: 'integer' })
  unknownUsageCalls: number;

  /** From the request to the end of the answer. Null: no call has one. */
  @ApiProperty({ type: () => DurationPercentilesDto, nullable: true })
  latencyMs: DurationPercentiles | null;

  /** From the request to the first content, of streamed answers. Null: no call has one. */
  @ApiProperty({ type: () => DurationPercentilesDto, nullable: true })
  firstTokenMs: DurationPercentiles | null;
}

/** The figures of one hour or day. */
class SeriesPointDto extends SeriesFiguresDto {
  /** Its first moment. @example "2026-03-14T00:00:00.000Z" */
  at: string;
}

/** Figures over the whole time, and by hour or day; one without calls is left out. */
class SeriesSumDto extends SeriesFiguresDto {
  @ApiProperty({ type: () => [SeriesPointDto] })
  points: SeriesPointDto[];
}

/** The series of one combination of the dimensions asked for. */
class SeriesDto extends SeriesSumDto {
  /** The model as the client named it. Null: models beyond the two hundred most used of an hour, which are not told apart later. */
  model?: string | null;

  /** Null: no attempt was made. */
  provider?: string | null;

  projectId?: string | null;

  keyId?: string | null;

  operation?: string | null;

  /** How the calls ended. */
  @ApiPropertyOptional({ enum: ENDED, nullable: true })
  outcome?: string | null;

  /** The code of the error. Null: there was none. @example "gateway/upstream_timeout" */
  error?: string | null;

  static of(this: void, { group, ...sum }: UsageSeries['series'][number]): SeriesDto {
    return { ...groupView(group), ...withPoints(sum) };
  }
}

/** Usage by hour or day. */
export class UsageSeriesDto {
  @ApiProperty({ enum: SERIES_GRANULARITIES })
  granularity: SeriesGranularity;

  /** The first moment of the first hour or day. */
  from: string;

  /** The first moment after the last. */
  to: string;

  @ApiProperty({ type: () => [SeriesDto] })
  data: SeriesDto[];

  /** All groups beyond the limit together. Null: there are none. */
  @ApiProperty({ type: () => SeriesSumDto, nullable: true })
  others: SeriesSumDto | null;

  @ApiProperty({ type: () => SeriesFiguresDto })
  total: SeriesFigures;

  static of(this: void, { series, others, total }: UsageSeries, { granularity, fromMs, toMs }: SeriesRequest): UsageSeriesDto {
    return {
      granularity,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      data: series.map(SeriesDto.of),
      others: others === null ? null : withPoints(others),
      total,
    };
  }
}

function withPoints({ figures, points }: NonNullable<UsageSeries['others']>): SeriesFigures & { points: SeriesPointDto[] } {
  return { ...figures, points: points.map(({ atMs, figures: own }) => ({ at: new Date(atMs).toISOString(), ...own })) };
}
