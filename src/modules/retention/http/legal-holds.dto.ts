import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsArray, IsIn, Matches } from 'class-validator';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../contracts/data-classes.js';
import { IfGiven, IsId, IsInstant } from '../../../platform/http/field-rules.js';
import { PageQuery } from '../../../platform/http/pagination.js';
import type { HoldView } from '../core/holds/read-holds.js';
import { HOLD_REASONS, type HoldReason, type LegalHoldEntity } from '../data/legal-hold.entity.js';

const MATTER = /^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$/;

/** What must not be deleted. A row is covered when it names all that the hold names. */
export class PlaceHoldDto {
  /** The number of the matter in the operator's own register. No words: it stays in the audit log. */
  @ApiProperty({ type: 'string', pattern: MATTER.source, example: 'LIT-2026-014' })
  @Matches(MATTER, { message: 'must be a reference of 1 to 40 letters, digits and . _ / # -, beginning with a letter or digit' })
  matter: string;

  @ApiProperty({ enum: HOLD_REASONS, enumName: 'LegalHoldReason' })
  @IsIn(HOLD_REASONS, { message: `must be one of ${HOLD_REASONS.join(', ')}` })
  reason: HoldReason;

  /** Whose data it is about: an organisation, an account, or an account within an organisation. At least one is given. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IfGiven()
  @IsId()
  organisationId?: string;

  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IfGiven()
  @IsId()
  accountId?: string;

  @ApiProperty({ enum: WINDOWED_CLASSES, enumName: 'WindowedClass', isArray: true, minItems: 1 })
  @IsArray({ message: 'must be a list of data classes' })
  @ArrayNotEmpty({ message: 'must name at least one data class' })
  @ArrayMaxSize(WINDOWED_CLASSES.length)
  @ArrayUnique({ message: 'must not name a class twice' })
  @IsIn(WINDOWED_CLASSES, { each: true, message: `each must be one of ${WINDOWED_CLASSES.join(', ')}` })
  dataClasses: WindowedClass[];

  /** Only what was written from this moment on, RFC 3339. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time' })
  @IfGiven()
  @IsInstant()
  from?: string;

  /** Only what was written before this moment, RFC 3339. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time' })
  @IfGiven()
  @IsInstant()
  to?: string;
}

/** Which holds to list. */
export class LegalHoldsQuery extends PageQuery {
  /** Only those that name this organisation. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IfGiven()
  @IsId()
  organisationId?: string;
}

/** A legal hold. */
export class LegalHoldDto {
  id: string;

  matter: string;

  @ApiProperty({ enum: HOLD_REASONS, enumName: 'LegalHoldReason' })
  reason: HoldReason;

  @ApiProperty({ type: 'string', nullable: true })
  organisationId: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  accountId: string | null;

  @ApiProperty({ enum: WINDOWED_CLASSES, enumName: 'WindowedClass', isArray: true })
  dataClasses: WindowedClass[];

  /** RFC 3339; null: no limit. */
  @ApiProperty({ type: 'string', nullable: true })
  from: string | null;

  /** RFC 3339; null: no limit. */
  @ApiProperty({ type: 'string', nullable: true })
  to: string | null;

  /** `release_requested`: in force until another operator agrees. `released`: over; what it kept goes with the next round. `emptied`: it is gone. */
  @ApiProperty({ enum: ['in_force', 'release_requested', 'released', 'emptied'], enumName: 'LegalHoldStatus' })
  status: 'in_force' | 'release_requested' | 'released' | 'emptied';

  /** Who of the operator's staff placed it, as the audit log names them. */
  placedBy: string;

  /** RFC 3339. */
  placedAt: string;

  @ApiProperty({ type: 'string', nullable: true })
  releaseRequestedBy: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  releasedBy: string | null;

  /** RFC 3339; null while it is in force. */
  @ApiProperty({ type: 'string', nullable: true })
  releasedAt: string | null;

  static of(this: void, hold: LegalHoldEntity): LegalHoldDto {
    return {
      id: hold.id,
      matter: hold.matter,
      reason: hold.reason,
      organisationId: hold.organisationId,
      accountId: hold.accountId,
      dataClasses: hold.dataClasses,
      from: hold.fromAt?.toISOString() ?? null,
      to: hold.toAt?.toISOString() ?? null,
      status: statusOf(hold),
      placedBy: hold.placedBy,
      placedAt: hold.placedAt.toISOString(),
      releaseRequestedBy: hold.releaseRequestedBy,
      releasedBy: hold.releasedBy,
      releasedAt: hold.releasedAt?.toISOString() ?? null,
    };
  }
}

/** How many rows of a table are kept aside for a hold. */
export class HeldRowsDto {
  table: string;

  rows: number;
}

/** A legal hold with what it reaches. */
export class LegalHoldViewDto extends LegalHoldDto {
  /** The tables whose rows it can cover. */
  tables: string[];

  /** Rows that were due and are kept aside for it. Rows that are not due are where they always were. */
  @ApiProperty({ type: [HeldRowsDto] })
  held: HeldRowsDto[];

  static ofView(this: void, { hold, tables, held }: HoldView): LegalHoldViewDto {
    const reach = { tables: [...tables], held: held.map(({ source, rows }) => ({ table: source, rows })) };
    return Object.assign(LegalHoldDto.of(hold), reach);
  }
}

function statusOf(hold: LegalHoldEntity): LegalHoldDto['status'] {
  if (hold.emptiedAt !== null) return 'emptied';
  if (hold.releasedAt !== null) return 'released';
  return hold.releaseRequestedBy === null ? 'in_force' : 'release_requested';
}
