import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { IsCleanText } from '../../../platform/http/field-rules.js';
import { FEWEST_CHARACTERS, MOST_CHARACTERS } from '../core/passwords/choose-password.js';
import type { SignedUp } from '../core/sign-up/sign-up-by-username.js';
import { IsLocale } from './locale-rule.js';
import { SIGN_IN_STATES } from './sign-in.dto.js';
import type { SignInState } from '../accounts.contract.js';

const CODE_EXAMPLE = '8h2kq-0vz3m-c5tbn-w7xyd';

/** A sign-up by username, without an e-mail address. */
export class UsernameSignUpDto {
  /** 3 to 40 letters and digits, with single dots, hyphens and underscores between them. */
  @ApiProperty({ type: 'string', minLength: 3, maxLength: 40, example: 'kim' })
  @IsCleanText({ min: 3, max: 40 })
  username: string;

  /** 12 characters or more, none that many people use. */
  @ApiProperty({ type: 'string', minLength: FEWEST_CHARACTERS, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: FEWEST_CHARACTERS, max: MOST_CHARACTERS })
  password: string;

  /** What others see. */
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IsOptional()
  @IsCleanText({ min: 1, max: 100 })
  displayName?: string | null;

  /** Language of pages, BCP 47. */
  @ApiPropertyOptional({ type: 'string', maxLength: 35, default: 'en', example: 'en' })
  @IsLocale()
  locale: string = 'en';

  /** Whether the person has reached the minimum age. Kept as a yes with its date; a birth date is never asked for. */
  @IsBoolean()
  isOldEnough: boolean;
}

/** An account made by username, signed in. */
export class SignedUpDto {
  accountId: string;

  sessionId: string;

  /** `complete`, or what is still to do: set a second factor up. */
  @ApiProperty({ enum: SIGN_IN_STATES, enumName: 'SignInState' })
  state: SignInState;

  /** To be sent as `x-csrf-token` with whatever changes something. */
  csrfToken: string;

  /** The one way back without the password, as long as no e-mail address is proven. Shown now and never again: to be written down. */
  @ApiProperty({ type: 'string', example: CODE_EXAMPLE })
  recoveryCode: string;

  static of(this: void, { session, recoveryCode }: SignedUp): SignedUpDto {
    const { accountId, sessionId, state, csrfToken } = session;
    return { accountId, sessionId, state, csrfToken, recoveryCode };
  }
}

/** A new password by the code that was shown at sign-up. */
export class RecoverByCodeDto {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 80 })
  @IsCleanText({ min: 1, max: 80 })
  username: string;

  /** In any case, with or without its hyphens. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 40, example: CODE_EXAMPLE })
  @IsCleanText({ min: 1, max: 40 })
  recoveryCode: string;

  @ApiProperty({ type: 'string', minLength: FEWEST_CHARACTERS, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: FEWEST_CHARACTERS, max: MOST_CHARACTERS })
  newPassword: string;
}

/** What a recovery leaves. */
export class RecoveredDto {
  /** The code for the next time; the one that was used is worthless now. Shown once. */
  @ApiProperty({ type: 'string', example: CODE_EXAMPLE })
  recoveryCode: string;
}
