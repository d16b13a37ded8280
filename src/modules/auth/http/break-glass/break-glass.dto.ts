import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IfGiven, IsId, IsWholeNumber } from '../../../../platform/http/field-rules.js';
import { PageQuery } from '../../../../platform/http/pagination.js';
import {
  BREAK_GLASS_REASONS,
  type BreakGlassReason,
  LONGEST_BREAK_GLASS_MINUTES,
  TICKET,
} from '../../core/break-glass/break-glass-rules.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';

/** Why somebody has to look into an organisation's own data, and for how long. */
export class OpenBreakGlassDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  organisationId: string;

  /** The organisation is told. */
  @ApiProperty({ enum: BREAK_GLASS_REASONS, enumName: 'BreakGlassReason' })
  @IsIn(BREAK_GLASS_REASONS, { message: `must be one of ${BREAK_GLASS_REASONS.join(', ')}` })
  reason: BreakGlassReason;

  /** The number of the ticket, incident or case it is about. No words: it stays in the audit log. */
  @ApiProperty({ type: 'string', pattern: TICKET.source, example: 'SUP-1234' })
  @Matches(TICKET, { message: 'must be a ticket number of 1 to 40 letters, digits and . _ / # -, beginning with a letter or digit' })
  ticket: string;

  /** It closes itself after so many. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: LONGEST_BREAK_GLASS_MINUTES, example: 30 })
  @IsWholeNumber({ min: 1, max: LONGEST_BREAK_GLASS_MINUTES })
  minutes: number;
}

/** Which grants to list. */
export class BreakGlassQuery extends PageQuery {
  /** Only those of this organisation. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IfGiven()
  @IsId()
  organisationId?: string;
}

/** Leave for one of the operator's staff to read an organisation's own data. */
export class BreakGlassDto {
  id: string;

  organisationId: string;

  /** Who of the staff: their id, as the audit log names them. */
  operatorId: string;

  @ApiProperty({ enum: BREAK_GLASS_REASONS, enumName: 'BreakGlassReason' })
  reason: BreakGlassReason;

  ticket: string;

  @ApiProperty({ enum: ['open', 'closed'] })
  status: 'open' | 'closed';

  /** RFC 3339. */
  openedAt: string;

  /** When it closes, or has closed, by itself at the latest, RFC 3339. */
  endsAt: string;

  /** When it closed, RFC 3339; null while it is open. */
  @ApiProperty({ type: 'string', nullable: true })
  closedAt: string | null;

  static of(this: void, grant: BreakGlassGrantEntity, nowMs: number): BreakGlassDto {
    const isOver = grant.endsAt.getTime() <= nowMs;
    const closedAt = grant.closedAt ?? (isOver ? grant.endsAt : null);
    return {
      id: grant.id,
      organisationId: grant.organisationId,
      operatorId: grant.operatorId,
      reason: grant.reason,
      ticket: grant.ticket,
      status: closedAt === null ? 'open' : 'closed',
      openedAt: grant.openedAt.toISOString(),
      endsAt: grant.endsAt.toISOString(),
      closedAt: closedAt?.toISOString() ?? null,
    };
  }
}
