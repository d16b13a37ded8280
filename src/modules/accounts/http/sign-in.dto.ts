import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { IsCleanText } from '../../../platform/http/field-rules.js';
import type { SignInProgress } from '../../../platform/http/principal.js';
import type { OpenedSession, SignInState } from '../accounts.contract.js';
import { FEWEST_CHARACTERS, MOST_CHARACTERS } from '../core/passwords/choose-password.js';
import type { LinkFacts } from '../core/links/mailed-links.js';
import type { TicketKind } from '../data/ticket.entity.js';
import { IsLocale } from './locale-rule.js';

export const SIGN_IN_STATES = [
  'complete',
  'second_factor_required',
  'second_factor_enrolment_required',
] as const satisfies readonly SignInState[];
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** An address of 254 octets, and room for what normalising takes away. */
export const EMAIL_CHARACTERS = 320;

/** Ways to sign in that this installation offers. */
export class SignInWaysDto {
  @ApiProperty({ type: [String], enum: ['password', 'email_link', 'oidc', 'saml', 'webauthn'] })
  methods: string[];

  /** `open`: anyone may sign up; `invitation`: those who were invited; `closed`: nobody. */
  @ApiProperty({ enum: ['open', 'invitation', 'closed'] })
  signUp: string;

  /** What accounts are made with: `email` by `POST /api/v1/sign-up`, `username` by `POST /api/v1/sign-up/username`. */
  @ApiProperty({ type: [String], enum: ['email', 'username'] })
  signUpIdentifiers: string[];

  /** Age one has to have reached to sign up. */
  minimumAge: number;
}

/** A sign-up by e-mail address. The account begins to exist when the mailed link is used. */
export class SignUpDto {
  @ApiProperty({ type: 'string', maxLength: EMAIL_CHARACTERS, example: 'kim@example.com' })
  @IsCleanText({ min: 3, max: EMAIL_CHARACTERS })
  email: string;

  /** Left out to sign in by e-mail links. 12 characters or more, none that many people use. */
  @ApiPropertyOptional({ type: 'string', minLength: FEWEST_CHARACTERS, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsOptional()
  @IsCleanText({ min: FEWEST_CHARACTERS, max: MOST_CHARACTERS })
  password?: string | null;

  /** What others see. */
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IsOptional()
  @IsCleanText({ min: 1, max: 100 })
  displayName?: string | null;

  /** Language of mails and pages, BCP 47. */
  @ApiPropertyOptional({ type: 'string', maxLength: 35, default: 'en', example: 'en' })
  @IsLocale()
  locale: string = 'en';

  /** Whether the person has reached the minimum age. Kept as a yes with its date; a birth date is never asked for. */
  @IsBoolean()
  isOldEnough: boolean;
}

/** What was mailed. */
export class LinkTokenDto {
  /** The last part of the mailed link. */
  @ApiProperty({ type: 'string', pattern: TOKEN.source })
  @Matches(TOKEN, { message: 'must be the last part of a mailed link' })
  token: string;
}

/** A sign-in by password. */
export class PasswordSignInDto {
  /** E-mail address or username. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: EMAIL_CHARACTERS })
  @IsCleanText({ min: 1, max: EMAIL_CHARACTERS })
  name: string;

  @ApiProperty({ type: 'string', minLength: 1, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: 1, max: MOST_CHARACTERS })
  password: string;
}

/** An address to mail a link to. */
export class EmailDto {
  @ApiProperty({ type: 'string', maxLength: EMAIL_CHARACTERS, example: 'kim@example.com' })
  @IsCleanText({ min: 3, max: EMAIL_CHARACTERS })
  email: string;
}

/** A new password through a recovery link. */
export class RecoverDto extends LinkTokenDto {
  @ApiProperty({ type: 'string', minLength: FEWEST_CHARACTERS, maxLength: MOST_CHARACTERS, format: 'password' })
  @IsCleanText({ min: FEWEST_CHARACTERS, max: MOST_CHARACTERS })
  newPassword: string;
}

/** How to leave. */
export class SignOutDto {
  /** Ends every session of the account, not this one alone. */
  @ApiPropertyOptional({ type: 'boolean', default: false })
  @IsBoolean()
  everywhere: boolean = false;
}

/** A mail was sent, if there was anybody to send it to. The answer is the same when there was not. */
export class MailRequestedDto {
  @ApiProperty({ enum: ['requested'] })
  status = 'requested' as const;
}

/** The session that a sign-in has opened; its secret is in the cookie. */
export class SignedInDto {
  accountId: string;

  sessionId: string;

  /** `complete`, or what is still to do: present a second factor, or set one up. */
  @ApiProperty({ enum: SIGN_IN_STATES, enumName: 'SignInState' })
  state: SignInState;

  /** To be sent as `x-csrf-token` with whatever changes something. */
  csrfToken: string;

  static of(this: void, { accountId, sessionId, state, csrfToken }: OpenedSession | SignInProgress): SignedInDto {
    return { accountId, sessionId, state, csrfToken };
  }
}

const NEXT: Readonly<Record<TicketKind, string>> = {
  sign_up: '/api/v1/sign-up/confirm',
  sign_in: '/api/v1/sign-in/email-link/confirm',
  recovery: '/api/v1/account/recovery/confirm',
  email_change: '/api/v1/account/email/confirm',
  email_undo: '/api/v1/account/email/undo',
  step_up: '/api/v1/account/proof/email-link/confirm',
};

/** What a mailed link is for. Opening it uses nothing up: that takes the POST named in `next`, with the link's last part as `token`. */
export class LinkDto {
  @ApiProperty({ enum: Object.keys(NEXT), enumName: 'LinkKind' })
  kind: TicketKind;

  /** RFC 3339. */
  expiresAt: string;

  /** Whether it works in this browser; most links do only in the one that asked for them. */
  isUsableHere: boolean;

  /** Where to POST it. */
  next: string;

  static of(this: void, { kind, expiresAt, isUsableHere }: LinkFacts): LinkDto {
    return { kind, expiresAt: expiresAt.toISOString(), isUsableHere, next: NEXT[kind] };
  }
}
