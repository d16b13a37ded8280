import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsCleanText, IsInstant } from '../../../../platform/http/field-rules.js';
import type { ScimTokenRow } from '../../data/scim-token.entity.js';

/** A new SCIM token. */
export class CreateScimTokenDto {
  /** Name that people tell it by. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Entra ID' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  /** When it stops working, RFC 3339; never when left out or null. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, example: '2027-01-31T12:00:00Z' })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;
}

/** A token put in place of another. */
export class RotateScimTokenDto {
  /** Until when the token before goes on, RFC 3339, at most 7 days from now; it ends at once when left out or null. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, example: '2027-01-31T12:00:00Z' })
  @IsOptional()
  @IsInstant()
  previousValidUntil?: string | null;
}

/** A SCIM token, without its secret. */
export class ScimTokenDto {
  id: string;

  organisationId: string;

  name: string;

  /** The last four characters of the token. */
  hint: string;

  @ApiProperty({ enum: ['active', 'expired', 'revoked'] })
  status: 'active' | 'expired' | 'revoked';

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339; null: never. */
  @ApiProperty({ type: 'string', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  revokedAt: string | null;

  /** True to about a minute; null: never used. */
  @ApiProperty({ type: 'string', nullable: true })
  lastUsedAt: string | null;

  static of(this: void, token: ScimTokenRow, nowMs: number): ScimTokenDto {
    return {
      id: token.id,
      organisationId: token.organisationId,
      name: token.name,
      hint: token.hint,
      status: statusOf(token, nowMs),
      createdAt: token.createdAt.toISOString(),
      expiresAt: token.expiresAt?.toISOString() ?? null,
      revokedAt: token.revokedAt?.toISOString() ?? null,
      lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    };
  }
}

/** A new SCIM token with its secret. */
export class CreatedScimTokenDto extends ScimTokenDto {
  /** Shown now and never again: Lethe keeps only its hash. */
  @ApiProperty({ type: 'string', example: 'lethe_scim_…' })
  secret: string;
}

function statusOf(token: ScimTokenRow, nowMs: number): ScimTokenDto['status'] {
  if (token.revokedAt !== null) return 'revoked';
  return token.expiresAt !== null && token.expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
