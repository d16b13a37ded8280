import { ApiProperty } from '@nestjs/swagger';
import { IsIn, ValidateIf } from 'class-validator';
import { IsId, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { LIMIT_SCOPES, type LimitScope } from '../core/limit-book.js';
import type { RateLimitEntity } from '../data/rate-limit.entity.js';

const HIGHEST_RATE = 2_147_483_647;

/** What a rate limit is put on. */
export class RateLimitParams {
  @IsId()
  organisationId: string;

  @ApiProperty({ enum: LIMIT_SCOPES })
  @IsIn(LIMIT_SCOPES)
  scope: LimitScope;

  /** Id of the organisation, the project or the key. */
  @IsId()
  scopeId: string;
}

/** Both rates, so that what is not limited is said: null. */
export class SetRateLimitDto {
  /** Requests in any minute; null for no limit. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, maximum: HIGHEST_RATE })
  @ValidateIf((body: SetRateLimitDto) => body.requestsPerMinute !== null)
  @IsWholeNumber({ min: 1, max: HIGHEST_RATE })
  requestsPerMinute: number | null;

  /** Tokens, in and out, in any minute; null for no limit. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, maximum: HIGHEST_RATE })
  @ValidateIf((body: SetRateLimitDto) => body.tokensPerMinute !== null)
  @IsWholeNumber({ min: 1, max: HIGHEST_RATE })
  tokensPerMinute: number | null;
}

export class RateLimitDto {
  organisationId: string;

  @ApiProperty({ enum: LIMIT_SCOPES })
  scope: LimitScope;

  scopeId: string;

  @ApiProperty({ type: 'integer', nullable: true })
  requestsPerMinute: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  tokensPerMinute: number | null;

  createdAt: string;

  updatedAt: string;

  static of(this: void, limit: RateLimitEntity): RateLimitDto {
    const { organisationId, scope, scopeId, requestsPerMinute, tokensPerMinute } = limit;
    const times = { createdAt: limit.createdAt.toISOString(), updatedAt: limit.updatedAt.toISOString() };
    return { organisationId, scope, scopeId, requestsPerMinute, tokensPerMinute, ...times };
  }
}
