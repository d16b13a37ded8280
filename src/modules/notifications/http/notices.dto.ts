import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import { PageQuery } from '../../../platform/http/pagination.js';
import type { NoticeId } from '../data/account-notice.entity.js';
import { MESSAGE_VALUES, type MessageKind, type MessageValues } from '../notifications.contract.js';

/** The query of a list of notices. */
export class NoticeQuery extends PageQuery {
  /** Only those nobody has read. */
  @ApiPropertyOptional({ type: 'boolean', default: false })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  unread = false;
}

/** Something an account or an organisation was told. */
export class NoticeDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: NoticeId;

  /** What it is about. */
  @ApiProperty({ enum: Object.keys(MESSAGE_VALUES) })
  kind: MessageKind;

  /** The kind in the language of `Accept-Language`, or English. */
  @ApiProperty({ type: 'string', example: 'An API key was blocked' })
  title: string;

  /** Ids, enums and short names that tell more, by name. */
  @ApiProperty({ type: 'object', additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }] } })
  values: MessageValues;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  /** Null until somebody has read it. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  readAt: Date | null;
}
