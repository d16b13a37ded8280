import { ApiProperty } from '@nestjs/swagger';
import type { UsageFigures, UsageGroup, UsageSummary } from '../usage-analytics.contract.js';

/** Sums over calls. Token sums and `cost` cover the calls for which they are known; the others are counted beside them. */
class UsageFiguresDto {
  /** Calls that ended. */
  @ApiProperty({ type: 'integer' })
  calls: number;

  @ApiProperty({ type: 'integer' })
  succeeded: number;

  @ApiProperty({ type: 'integer' })
  failed: number;

  @ApiProperty({ type: 'integer' })
  cut: number;

  @ApiProperty({ type: 'integer' })
  disconnected: number;

  @ApiProperty({ type: 'integer' })
  interrupted: number;

  /** Calls in flight, in no other figure. */
  @ApiProperty({ type: 'integer' })
  open: number;

  @ApiProperty({ type: 'integer' })
  inputTokens: number;

  @ApiProperty({ type: 'integer' })
  cachedInputTokens: number;

  @ApiProperty({ type: 'integer' })
  cacheWriteTokens: number;

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
}

/** The figures of one combination of the dimensions asked for. */
export class UsageGroupDto extends UsageFiguresDto {
  /** The model as the client named it. */
  model?: string | null;

  /** Null: no attempt was made. */
  provider?: string | null;

  projectId?: string | null;

  keyId?: string | null;

  /** UTC day of the start. @example "2026-03-14" */
  day?: string | null;

  static of(this: void, { group, figures }: UsageGroup): UsageGroupDto {
    return { ...groupView(group), ...figures };
  }
}

/** A group as answers name it: what is told apart by project and key carries their ids. */
export function groupView<Group extends { readonly project?: string | null; readonly key?: string | null }>({
  project,
  key,
  ...rest
}: Group) {
  return { ...rest, ...(project === undefined ? {} : { projectId: project }), ...(key === undefined ? {} : { keyId: key }) };
}

/** Figures by group, highest known cost first, and over everything. */
export class UsageSummaryDto {
  @ApiProperty({ type: () => [UsageGroupDto] })
  data: UsageGroupDto[];

  /** Over all calls asked for, groups that are not shown included. */
  @ApiProperty({ type: () => UsageFiguresDto })
  total: UsageFigures;

  /** Whether there are more groups than shown. */
  truncated: boolean;

  static of(this: void, { groups, total, truncated }: UsageSummary): UsageSummaryDto {
    return { data: groups.map(UsageGroupDto.of), total, truncated };
  }
}
