import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, ValidateIf } from 'class-validator';
import { IfGiven, IsAmount, IsId, IsWholeNumber } from '../../../platform/http/field-rules.js';
import type { BudgetView } from '../core/budget-views.js';
import { LIMIT_SCOPES, type LimitScope } from '../core/limit-book.js';

const KINDS = ['hard', 'soft'] as const;
const PERIODS = ['daily', 'monthly', 'total'] as const;
const MOST_ALERTS = 10;
const HIGHEST_ALERT = 1_000;
const DEFAULT_ALERTS = [50, 80, 100];

export class CreateBudgetDto {
  /** What the budget is put on. */
  @ApiProperty({ enum: LIMIT_SCOPES })
  @IsIn(LIMIT_SCOPES)
  scope: LimitScope;

  /** Id of the project or key. For an organisation it may be left out. */
  @ValidateIf((body: CreateBudgetDto) => body.scope !== 'organisation' || body.scopeId !== undefined)
  @IsId()
  scopeId?: string;

  /** `hard` refuses calls it has no room for; `soft` only alerts. */
  @ApiProperty({ enum: KINDS })
  @IsIn(KINDS)
  kind: (typeof KINDS)[number];

  /** When it starts anew: every day or month at 00:00 UTC, or never. */
  @ApiProperty({ enum: PERIODS })
  @IsIn(PERIODS)
  period: (typeof PERIODS)[number];

  /** US dollars as an exact decimal. @example "250.00" */
  @IsAmount({ allowZero: true })
  limit: string;

  /** Percentages of the limit at which to alert, each once per period. */
  @ApiProperty({ type: [Number], required: false, default: DEFAULT_ALERTS })
  @IsArray()
  @ArrayMaxSize(MOST_ALERTS)
  @IsWholeNumber({ min: 1, max: HIGHEST_ALERT }, { each: true })
  alertPercents: number[] = DEFAULT_ALERTS;
}

/** What to change; the scope and the period stay. */
export class ChangeBudgetDto {
  @ApiProperty({ enum: KINDS, required: false })
  @IfGiven()
  @IsIn(KINDS)
  kind?: (typeof KINDS)[number];

  /** US dollars as an exact decimal. @example "500.00" */
  @IfGiven()
  @IsAmount({ allowZero: true })
  limit?: string;

  /** Percentages of the limit at which to alert. */
  @ApiProperty({ type: [Number], required: false })
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(MOST_ALERTS)
  @IsWholeNumber({ min: 1, max: HIGHEST_ALERT }, { each: true })
  alertPercents?: number[];
}

/** What the period that runs now has seen. */
export class BudgetPeriodDto {
  /** First day, UTC; 1970-01-01 for a total. @example "2026-03-01" */
  startsOn: string;

  /** When the next period begins; null for a total. */
  resetsAt: string | null;

  /** US dollars spent by calls that ended. */
  spent: string;

  /** US dollars promised to calls in flight. */
  held: string;

  /** `limit` less `spent` and `held`; negative when a soft budget is overspent. */
  remaining: string;
}

export class BudgetDto {
  id: string;

  organisationId: string;

  @ApiProperty({ enum: LIMIT_SCOPES })
  scope: LimitScope;

  scopeId: string;

  @ApiProperty({ enum: KINDS })
  kind: (typeof KINDS)[number];

  @ApiProperty({ enum: PERIODS })
  period: (typeof PERIODS)[number];

  /** US dollars as an exact decimal. */
  limit: string;

  alertPercents: number[];

  current: BudgetPeriodDto;

  createdAt: string;

  updatedAt: string;

  static of(this: void, view: BudgetView): BudgetDto {
    return { ...view, alertPercents: [...view.alertPercents] };
  }
}
