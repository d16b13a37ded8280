import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, Matches } from 'class-validator';
import type { Consent, Preferences } from '../core/change-preferences.js';

/** What to be told by mail. Messages about security cannot be turned off. */
export class ChangePreferencesDto {
  /** Changes in the organisations one belongs to, such as of one's role. */
  @ApiPropertyOptional({ type: 'boolean' })
  @IsOptional()
  @IsBoolean()
  organisation?: boolean;
}

/** A yes or no to advertising by mail. */
export class MarketingConsentDto {
  @ApiProperty({ type: 'boolean' })
  @IsBoolean()
  granted: boolean;

  /** Of the text that was shown with the question, such as `2026-01`. It is recorded with the answer. */
  @ApiProperty({ type: 'string', pattern: '^[A-Za-z0-9._-]{1,40}$' })
  @Matches(/^[A-Za-z0-9._-]{1,40}$/, { message: 'must be 1 to 40 letters, digits, dots, underscores and hyphens' })
  version: string;
}

export class MailPreferencesDto {
  @ApiProperty({ type: 'boolean' })
  organisation: boolean;
}

export class ConsentDto implements Consent {
  @ApiProperty({ type: 'boolean' })
  granted: boolean;

  /** Null when nothing was ever said, which is no. */
  @ApiProperty({ type: 'string', nullable: true })
  version: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  changedAt: Date | null;
}

export class PreferencesDto implements Preferences {
  @ApiProperty({ type: MailPreferencesDto })
  byMail: MailPreferencesDto;

  @ApiProperty({ type: ConsentDto })
  marketing: ConsentDto;
}
