import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { Money } from '../../../kernel/money.js';
import { IsCleanText } from '../../../platform/http/field-rules.js';
import type { NewPriceOverride } from '../core/create-price-override.js';
import type { PriceOverrideEntity } from '../data/price-override.entity.js';

/** What the table keeps without rounding: a price that is rounded is another price. */
const PER_MILLION = /^\d{1,14}(?:\.\d{1,6})?$/;
const PER_REQUEST = /^\d{1,8}(?:\.\d{1,12})?$/;
const per = (decimals: number) => ({
  message: `must be an amount of zero or more, written as text with at most ${decimals} decimals, such as "2.50"`,
});

export class CreatePriceOverrideDto {
  /** Provider the price is for; left out, it holds for any. @example "openai" */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9_]{0,59}$/, { message: 'must be the name of a provider, such as "openai"' })
  provider?: string | null;

  /** Model name as it is sent upstream. @example "gpt-4o-mini" */
  @IsCleanText({ min: 1, max: 200 })
  model: string;

  /** US dollars per million input tokens. @example "2.50" */
  @Matches(PER_MILLION, per(6))
  inputPerMillion: string;

  /** US dollars per million cached input tokens; left out, they cost what other input costs. */
  @IsOptional()
  @Matches(PER_MILLION, per(6))
  cachedInputPerMillion?: string | null;

  /** US dollars per million output tokens. @example "10" */
  @Matches(PER_MILLION, per(6))
  outputPerMillion: string;

  /** US dollars per request, beside the tokens. */
  @ApiProperty({ required: false, default: '0' })
  @Matches(PER_REQUEST, per(12))
  perRequest: string = '0';

  /** What the use-case takes. */
  static wanted(this: void, body: CreatePriceOverrideDto): NewPriceOverride {
    return {
      provider: body.provider ?? null,
      model: body.model,
      inputPerMillion: body.inputPerMillion,
      cachedInputPerMillion: body.cachedInputPerMillion ?? null,
      outputPerMillion: body.outputPerMillion,
      perRequest: body.perRequest,
    };
  }
}

export class PriceOverrideDto {
  id: string;

  /** Null: any provider. */
  provider: string | null;

  model: string;

  /** US dollars per million input tokens, exact. */
  inputPerMillion: string;

  /** Null: cached input costs what other input costs. */
  cachedInputPerMillion: string | null;

  outputPerMillion: string;

  perRequest: string;

  createdAt: string;

  static of(this: void, row: PriceOverrideEntity): PriceOverrideDto {
    return {
      id: row.id,
      provider: row.provider,
      model: row.model,
      inputPerMillion: exact(row.inputPerMillion),
      cachedInputPerMillion: row.cachedInputPerMillion === null ? null : exact(row.cachedInputPerMillion),
      outputPerMillion: exact(row.outputPerMillion),
      perRequest: exact(row.perRequest),
      createdAt: row.createdAt.toISOString(),
    };
  }
}

function exact(amount: string): string {
  return Money.parse(amount).toString();
}
