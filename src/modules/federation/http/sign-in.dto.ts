import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches, ValidateBy } from 'class-validator';
import { IfGiven, IsCleanText, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { PROVIDER_KINDS, PROVIDER_PRESETS, type ProviderKind, type ProviderPreset } from '../core/provider-configuration.js';
import { isReturnPath } from '../core/return-path.js';
import type { Provider } from '../data/identity-providers.repository.js';

/** `de`, `zh-Hans`. */
const LOCALE = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/;

/** A path of this installation; see {@link isReturnPath}. */
export function IsReturnPath(): PropertyDecorator {
  const message = 'must be a path of this installation, such as "/" or "/settings?tab=2"';
  return ValidateBy({ name: 'isReturnPath', validator: { validate: isReturnPath, defaultMessage: () => message } });
}

/** How to come back from a provider. */
export class StartSignInDto {
  /** Where the browser goes when the sign-in is done: a path of this installation. */
  @ApiPropertyOptional({ type: 'string', maxLength: 500, default: '/', example: '/' })
  @IfGiven()
  @IsReturnPath()
  returnPath: string = '/';

  /** The age the person says to have reached, for those who have no account yet (A6). Only that they said so is kept. */
  @ApiPropertyOptional({ type: 'integer', minimum: 13, maximum: 130 })
  @IfGiven()
  @IsWholeNumber({ min: 13, max: 130 })
  attestedAge?: number;

  /** Language of a new account, BCP 47. */
  @ApiPropertyOptional({ type: 'string', default: 'en', example: 'de' })
  @IfGiven()
  @Matches(LOCALE, { message: 'must be a language tag, such as "de" or "zh-Hans"' })
  locale: string = 'en';
}

/** Where the browser has to go now. */
export class AuthorisationDto {
  /** Send the browser there; it comes back by itself. Good for ten minutes, in this browser alone. */
  @ApiProperty({ type: 'string', format: 'uri' })
  authorisationUrl: string;
}

/** Whose provider is looked for. */
export class DiscoverSignInDto {
  /** An e-mail address. Only its domain matters, and none of it is kept. */
  @ApiProperty({ type: 'string', maxLength: 254, example: 'kim@example.com' })
  @IsCleanText({ min: 3, max: 254 })
  email: string;
}

/** A provider as anybody may see it. */
export class OfferedProviderDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  @ApiProperty({ type: 'string' })
  name: string;

  @ApiProperty({ enum: PROVIDER_KINDS })
  kind: ProviderKind;

  /** Whose button to show, where it is somebody well known. */
  @ApiProperty({ enum: PROVIDER_PRESETS, nullable: true })
  preset: ProviderPreset | null;

  static of(this: void, provider: Provider): OfferedProviderDto {
    const { id, name, kind } = provider;
    return { id, name, kind, preset: provider.kind === 'oidc' ? provider.connection.preset : null };
  }
}

/** The installation's providers. */
export class OfferedProvidersDto {
  @ApiProperty({ type: OfferedProviderDto, isArray: true })
  data: OfferedProviderDto[];
}

/** Where the people of a domain sign in. */
export class SignInDirectionDto {
  /** Null: in any way the installation offers. */
  @ApiProperty({ type: OfferedProviderDto, nullable: true })
  provider: OfferedProviderDto | null;

  /** Whether every other way is refused. */
  @ApiProperty({ type: 'boolean' })
  required: boolean;
}
