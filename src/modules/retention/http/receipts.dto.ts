import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsString, Matches } from 'class-validator';
import type { WindowedClass } from '../../../contracts/data-classes.js';
import { IfGiven } from '../../../platform/http/field-rules.js';
import { PageQuery } from '../../../platform/http/pagination.js';
import type { PreviewedTable } from '../core/survey/preview-retention.js';
import { type Receipt, RETENTION_ACTIONS, type RetentionAction } from '../data/receipts.repository.js';

/** Which receipts to list. */
export class ReceiptsQuery extends PageQuery {
  /** Only those of this store, such as `call_record`. */
  @ApiPropertyOptional({ type: 'string', example: 'call_record' })
  @IfGiven()
  @Matches(/^[a-z][a-z0-9_.-]{0,99}$/, { message: 'must be the name of a store, such as "call_record"' })
  store?: string;
}

/** What one run of retention did to one store. */
export class ReceiptDto {
  /** The audit event that repeats it names it in `detail.receipt`. */
  id: string;

  store: string;

  /**
   * `purged`: expired partitions dropped; `refiled`: moved to an earlier day; `swept`: deleted one by one; `released`: what a legal hold had kept;
   * `observed`: nothing was removed, since the store lets go by itself, and this is what it still had.
   */
  @ApiProperty({ enum: RETENTION_ACTIONS, enumName: 'RetentionAction' })
  action: RetentionAction;

  dataClass: string;

  /** What expired before this moment is gone, RFC 3339. */
  cutOff: string;

  partitions: number;

  rows: number;

  /** Whether the rows were counted, or estimated from the size of what was dropped. */
  rowsExact: boolean;

  /** Indexes included; null where nobody knows without looking. */
  @ApiProperty({ type: 'number', nullable: true })
  bytes: number | null;

  /** Rows kept aside for legal holds. */
  held: number;

  /** RFC 3339. */
  beganAt: string;

  durationMs: number;

  /** When the oldest row left was written, RFC 3339; null when there is none. */
  @ApiProperty({ type: 'string', nullable: true })
  oldestWrittenAt: string | null;

  /** How much is left in the store: files, keys, jobs. Null where nobody counts it, as of rows. */
  @ApiProperty({ type: 'number', nullable: true })
  remaining: number | null;

  static of(this: void, receipt: Receipt): ReceiptDto {
    const { id, store, action, dataClass, partitions, rows, rowsExact, bytes, held, durationMs, remaining } = receipt;
    const moments = { cutOff: receipt.cutOff.toISOString(), beganAt: receipt.beganAt.toISOString() };
    const oldestWrittenAt = receipt.oldestWrittenAt?.toISOString() ?? null;
    return { id, store, action, dataClass, partitions, rows, rowsExact, bytes, held, durationMs, ...moments, oldestWrittenAt, remaining };
  }
}

/** What to try. Everything may be left out: then it is what the next rounds will do. */
export class PreviewDto {
  /** The day until which things would be gone, `YYYY-MM-DD` UTC; today unless given. */
  @ApiPropertyOptional({ type: 'string', format: 'date', example: '2026-12-31' })
  @IfGiven()
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: 'must be a day, such as "2026-12-31"' })
  on?: string;

  /** A plan of the profile in force, tried for everything stored. */
  @ApiPropertyOptional({ type: 'string' })
  @IfGiven()
  @IsString({ message: 'must be the name of a plan' })
  plan?: string;

  /** Windows to try, whole days by data class. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'integer', minimum: 0, maximum: 7305 }, example: { payload: 7 } })
  @IfGiven()
  @IsObject({ message: 'must be an object of data classes and days' })
  days?: Partial<Record<WindowedClass, number>>;
}

/** Rows that are filed under one day. */
export class PreviewedDayDto {
  /** `YYYY-MM-DD` UTC. */
  day: string;

  rows: number;

  rowsExact: boolean;

  bytes: number;
}

/** What would become of one table. */
export class PreviewedTableDto {
  table: string;

  dataClass: string;

  /** The longest it would be kept, days. */
  days: number;

  /** What would be gone, by the day it is filed under now. */
  @ApiProperty({ type: [PreviewedDayDto] })
  gone: PreviewedDayDto[];

  /** Copies that legal holds would keep of it. */
  held: number;

  staysRows: number;

  static of(this: void, preview: PreviewedTable): PreviewedTableDto {
    return { ...preview, gone: [...preview.gone] };
  }
}

/** What would go. */
export class PreviewResultDto {
  @ApiProperty({ type: [PreviewedTableDto] })
  tables: PreviewedTableDto[];
}
