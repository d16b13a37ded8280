import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IfGiven, IsId } from '../../../platform/http/field-rules.js';
import { PageQuery } from '../../../platform/http/pagination.js';
import { type DisclosedRow, HELD_ROW_PURPOSES, type HeldRowPurpose } from '../core/holds/read-held-rows.js';

/** Which kept rows to read, and what for. */
export class HeldRowsQuery extends PageQuery {
  /** Closed list (C7); written into the audit log. */
  @ApiProperty({ enum: HELD_ROW_PURPOSES, enumName: 'HeldRowPurpose' })
  @IsIn(HELD_ROW_PURPOSES, { message: `must be one of ${HELD_ROW_PURPOSES.join(', ')}` })
  purpose: HeldRowPurpose;

  /** Only rows of this organisation. Whoever is on duty names one that they have broken the glass for. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IfGiven()
  @IsId()
  organisationId?: string;

  /** Only rows of this table, such as `call_record`. */
  @ApiPropertyOptional({ type: 'string', example: 'call_record' })
  @IfGiven()
  @Matches(/^[a-z][a-z0-9_]{0,62}$/, { message: 'must be the name of a table, such as "call_record"' })
  table?: string;
}

/** A row that was due while a legal hold covered it. */
export class HeldRowDto {
  table: string;

  /** SHA-256 of the row as it is kept, in hex. */
  digest: string;

  dataClass: string;

  @ApiProperty({ type: 'string', nullable: true })
  organisationId: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  accountId: string | null;

  /** RFC 3339; null where no column says so. */
  @ApiProperty({ type: 'string', nullable: true })
  writtenAt: string | null;

  /** When it was kept aside, RFC 3339. */
  movedAt: string;

  /** The row, by column. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  columns: Record<string, unknown>;

  /** Columns that are not shown: secrets, and content, which is sealed. */
  withheld: string[];

  static of(this: void, { writtenAt, movedAt, columns, withheld, ...row }: DisclosedRow): HeldRowDto {
    const moments = { writtenAt: writtenAt?.toISOString() ?? null, movedAt: movedAt.toISOString() };
    return { ...row, ...moments, columns: { ...columns }, withheld: [...withheld] };
  }
}
