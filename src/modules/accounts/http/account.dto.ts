import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IfGiven, IsCleanText } from '../../../platform/http/field-rules.js';
import type { AccountStatus, AccountSummary } from '../accounts.contract.js';
import { FEWEST_CHARACTERS, MOST_CHARACTERS } from '../core/passwords/choose-password.js';
import type { OwnAccount } from '../core/profile/read-account.js';
import { IsLocale } from './locale-rule.js';
import { EMAIL_CHARACTERS } from './sign-in.dto.js';

const STATUSES = ['active', 'blocked', 'closed'] as const satisfies readonly AccountStatus[];

/** One's own account. */
export class AccountDto {
  id: string;

  @ApiProperty({ type: 'string', nullable: true })
  email: string | null;

  emailVerified: boolean;

  @ApiProperty({ type: 'string', nullable: true })
  username: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  displayName: string | null;

  /** BCP 47. */
  locale: string;

  @ApiProperty({ type: 'string', nullable: true })
  phone: string | null;

  hasPassword: boolean;

  /** The age its owner said to have reached; null where a directory made the account. */
  @ApiProperty({ type: 'integer', nullable: true })
  attestedAge: number | null;

  /** RFC 3339. */
  createdAt: string;

  static of(this: void, { account, hasPassword }: OwnAccount): AccountDto {
    const { id, email, emailVerifiedAt, username, displayName, locale, phone, attestedAge, createdAt } = account;
    return {
      id,
      email,
      emailVerified: emailVerifiedAt !== null,
      username,
      displayName,
      locale,
      phone,
      hasPassword,
      attestedAge,
      createdAt: createdAt.toISOString(),
    };
  }
}

/** What to change of one's account; what is left out stays, null takes away. */
export class ChangeAccountDto {
  /** 3 to 40 letters and digits, with single dots, hyphens and underscores between them. */
  @ApiPropertyOptional({ type: 'string', nullable: true, minLength: 3, maxLength: 40 })
  @IsOptional()
  @IsCleanText({ min: 3, max: 40 })
  username?: string | null;

  @ApiPropertyOptional({ type: 'string', nullable: true, minLength: 1, maxLength: 100 })
  @IsOptional()
  @IsCleanText({ min: 1, max: 100 })
  displayName?: string | null;

  @ApiPropertyOptional({ type: 'string', maxLength: 35, example: 'en' })
  @IfGiven()
  @IsLocale()
  locale?: string;

  /** E.164; taken only where the operator asks for it. */
  @ApiPropertyOptional({ type: 'string', nullable: true, example: '+4930123456' })
  @IsOptional()
  @Matches(/^\+[1-9]\d{6,14}$/, { message: 'must be a phone number with country code, such as "+4930123456"' })
  phone?: string | null;
}

/** A new password for who is signed in. */
export class ChangePasswordDto {
  @ApiProperty({ type: 'string', minLength: FEWEST_CHARACTERS, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: FEWEST_CHARACTERS, max: MOST_CHARACTERS })
  newPassword: string;
}

/** The password once more. */
export class ProvePasswordDto {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: 1, max: MOST_CHARACTERS })
  password: string;
}

/** An account as operators see it. */
export class PersonDto {
  id: string;

  @ApiProperty({ type: 'string', nullable: true })
  email: string | null;

  emailVerified: boolean;

  @ApiProperty({ type: 'string', nullable: true })
  username: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  displayName: string | null;

  @ApiProperty({ enum: STATUSES })
  status: AccountStatus;

  /** RFC 3339. */
  createdAt: string;

  static of(this: void, account: AccountSummary): PersonDto {
    const { id, email, emailVerified, username, displayName, status, createdAt } = account;
    return { id, email, emailVerified, username, displayName, status, createdAt: createdAt.toISOString() };
  }
}

/** Whom to look for: one of the two. */
export class FindPersonDto {
  @ApiPropertyOptional({ type: 'string', maxLength: EMAIL_CHARACTERS, example: 'kim@example.com' })
  @IfGiven()
  @IsCleanText({ min: 3, max: EMAIL_CHARACTERS })
  email?: string;

  @ApiPropertyOptional({ type: 'string', maxLength: 80, example: 'kim' })
  @IfGiven()
  @IsCleanText({ min: 1, max: 80 })
  username?: string;
}

/** What to make of an account. */
export class ChangePersonDto {
  /** `blocked` ends its sessions at once; `active` releases it. */
  @ApiProperty({ enum: ['active', 'blocked'] })
  @IsIn(['active', 'blocked'], { message: 'must be "active" or "blocked"' })
  status: 'active' | 'blocked';
}
