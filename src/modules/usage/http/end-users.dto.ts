import { ApiProperty } from '@nestjs/swagger';
import { IsCleanText } from '../../../platform/http/field-rules.js';

export class FindEndUserDto {
  /** The end user as calls name them in `user` (or `safety_identifier`), to the letter. */
  @IsCleanText({ min: 1, max: 512 })
  name: string;
}

/** What the ledger has of one end user of an organisation. */
export class EndUserDto {
  /** Stands for them in the records of calls: a keyed hash of the name, different in every organisation. */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** Calls that ended and are still recorded. */
  @ApiProperty({ type: 'integer' })
  calls: number;

  /** When the oldest of them began; null when there is none. */
  firstCallAt: string | null;

  /** When the newest of them began; null when there is none. */
  lastCallAt: string | null;
}
