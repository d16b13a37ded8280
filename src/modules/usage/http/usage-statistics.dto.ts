import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { DAY_MS, utcDay } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { IsInstant } from '../../../platform/http/field-rules.js';
import type { DatedStatistic } from '../data/usage-statistics.repository.js';
import type { DurationPercentiles } from '../usage-analytics.contract.js';
import { DurationPercentilesDto } from './usage-analytics.dto.js';

const MOST_DAYS = 31;

/** Which days. */
export class UsageStatisticsQuery {
  /** A moment of the first UTC day. Left out: 30 days before `to`. @example "2026-03-01T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  from?: string;

  /** A moment of the last UTC day, at most 30 days later. Left out: now. @example "2026-03-31T00:00:00Z" */
  @IsOptional()
  @IsInstant()
  to?: string;
}

/** The days a query names, first and last, `YYYY-MM-DD`. Raises `lethe/invalid_request` for none, or too many. */
export function statisticsDays({ from, to }: UsageStatisticsQuery, nowMs: number): [string, string] {
  const last = Math.floor((to === undefined ? nowMs : Date.parse(to)) / DAY_MS);
  const first = from === undefined ? last - MOST_DAYS + 1 : Math.floor(Date.parse(from) / DAY_MS);
  if (first > last) throw invalidRequest([{ field: 'from', message: 'must not be after to' }]);
  if (last - first >= MOST_DAYS) throw invalidRequest([{ field: 'from', message: `must be at most ${MOST_DAYS - 1} days before to` }]);
  return [utcDay(first * DAY_MS), utcDay(last * DAY_MS)];
}

/** One group of calls of a day, over all organisations. A figure is null where it is withheld: the group is too small, or would betray one that is. */
class UsageStatisticDto {
  /** UTC day of the start. @example "2026-03-14" */
  day: string;

  /** Null: all providers. */
  provider: string | null;

  /** The model as clients named it. Null: all models of the provider. */
  model: string | null;

  /** Calls that went to a provider. */
  @ApiProperty({ type: 'integer', nullable: true })
  calls: number | null;

  /** Those of them that failed or broke off. */
  @ApiProperty({ type: 'integer', nullable: true })
  failedCalls: number | null;

  /** The share of calls that failed, 0 to 1. */
  @ApiProperty({ type: 'number', nullable: true })
  errorRate: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  inputTokens: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  outputTokens: number | null;

  @ApiProperty({ type: () => DurationPercentilesDto, nullable: true })
  latencyMs: DurationPercentiles | null;

  @ApiProperty({ type: () => DurationPercentilesDto, nullable: true })
  firstTokenMs: DurationPercentiles | null;

  static of(this: void, { latency, firstToken, ...cell }: DatedStatistic): UsageStatisticDto {
    const { calls, failedCalls } = cell;
    const errorRate = calls === null || failedCalls === null || calls === 0 ? null : failedCalls / calls;
    return { ...cell, errorRate, latencyMs: latency, firstTokenMs: firstToken };
  }
}

/** Statistics by day, sums before what they are of. Groups too small to tell of no one are not in it. */
export class UsageStatisticsDto {
  @ApiProperty({ type: () => [UsageStatisticDto] })
  data: UsageStatisticDto[];

  static of(this: void, cells: readonly DatedStatistic[]): UsageStatisticsDto {
    return { data: cells.map(UsageStatisticDto.of) };
  }
}
