import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsNotEmptyObject, IsObject, Matches, ValidateNested } from 'class-validator';
import { IfGiven, IsCleanText } from '../../../platform/http/field-rules.js';
import { OptionalAddress, OptionalFlag, OptionalText, OptionalTexts } from '../../../platform/http/optional-fields.js';
import {
  CLIENT_AUTHENTICATIONS,
  type ClientAuthentication,
  PROVIDER_PRESETS,
  type ProviderPreset,
} from '../core/provider-configuration.js';
import { ProviderChangeDto, ProviderTrustDto } from './provider-trust.dto.js';

const KINDS = ['oidc', 'oauth2'] as const;
/** A scope token of RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/;
const MAX_ITEMS = 50;
const MAX_PATH = 200;

/** Where in what the provider says each thing stands: names joined by dots, such as `data.user.login`; null when it does not say. */
export class ClaimPathsDto {
  @OptionalText({ maxLength: MAX_PATH })
  username?: string | null;

  @OptionalText({ maxLength: MAX_PATH })
  email?: string | null;

  /** Null: the provider gives proven addresses only. */
  @OptionalText({ maxLength: MAX_PATH })
  emailVerified?: string | null;

  @OptionalText({ maxLength: MAX_PATH })
  avatar?: string | null;

  @OptionalText({ maxLength: MAX_PATH })
  vip?: string | null;

  /** What stands at `vip` when somebody is one, as text; where there is a list, one of them is enough. */
  @OptionalTexts({ maxItems: MAX_ITEMS, maxLength: 200, example: ['gold', 'platinum'] })
  vipValues?: string[];
}

/** How far a provider is believed, and what becomes of people it brings. */
export class ProviderSettingsDto extends ProviderTrustDto {
  /** Scopes to ask for. With `offline_access` (or, at Google, `keepsRefreshToken` alone) a provider gives a refresh token. */
  @ApiPropertyOptional({ type: 'string', isArray: true, maxItems: MAX_ITEMS, example: ['openid', 'profile', 'email'] })
  @IfGiven()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_ITEMS, { message: `must have at most ${MAX_ITEMS} entries` })
  @Matches(SCOPE, { each: true, message: 'each value must be a scope of visible ASCII characters' })
  scopes?: string[];

  @ApiPropertyOptional({ type: ClaimPathsDto })
  @IfGiven()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ClaimPathsDto)
  claims?: ClaimPathsDto;

  /** For the installation's providers: domains whose e-mail addresses the provider may vouch for; `*` for all. */
  @OptionalTexts({ maxItems: MAX_ITEMS, maxLength: 253, example: ['example.com'] })
  trustedEmailDomains?: string[];

  /** Google's `hd`: Workspace domains that are let in; everyone when empty. */
  @OptionalTexts({ maxItems: MAX_ITEMS, maxLength: 253, example: ['example.com'] })
  hostedDomains?: string[];

  /** Whether a refresh token is kept, sealed, with which profile and VIP status are refreshed between sign-ins. */
  @OptionalFlag()
  keepsRefreshToken?: boolean;
}

/** A new OpenID Connect or OAuth 2.0 provider. Kind, issuer, endpoints and client id stay for life. */
export class CreateProviderDto {
  /** Shown on the button people press. Unique where it belongs. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Example' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  @ApiProperty({ enum: KINDS })
  @IsIn(KINDS)
  kind: (typeof KINDS)[number];

  /** `google` fills in what is known of Google; no `issuer` then. */
  @ApiPropertyOptional({ enum: PROVIDER_PRESETS })
  @IfGiven()
  @IsIn(PROVIDER_PRESETS)
  preset?: ProviderPreset;

  /** Exactly as the provider names itself. Needed for `oidc`; for `oauth2` what it sends as `iss` (RFC 9207), if it does. */
  @OptionalAddress({ example: 'https://id.example.com' })
  issuer?: string;

  /** For `oauth2`. */
  @OptionalAddress()
  authorizationEndpoint?: string;

  /** For `oauth2`. */
  @OptionalAddress()
  tokenEndpoint?: string;

  /** For `oauth2`: where it says who somebody is, in JSON, for their access token. */
  @OptionalAddress()
  userInfoEndpoint?: string;

  /** For `oauth2`: where in that the id stands that never changes and is never given to another. */
  @ApiPropertyOptional({ type: 'string', maxLength: 200, example: 'id' })
  @IfGiven()
  @IsCleanText({ min: 1, max: 200 })
  subjectPath?: string;

  @ApiProperty({ type: 'string', minLength: 1, maxLength: 500 })
  @IsCleanText({ min: 1, max: 500 })
  clientId: string;

  /** No answer ever contains it. Left out for a public client. */
  @ApiPropertyOptional({ type: 'string', format: 'password', writeOnly: true, minLength: 1, maxLength: 4096 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 4096 })
  clientSecret?: string;

  /** How the token endpoint is told who asks; `none` for a public client. */
  @ApiPropertyOptional({ enum: CLIENT_AUTHENTICATIONS, default: 'client_secret_basic' })
  @IfGiven()
  @IsIn(CLIENT_AUTHENTICATIONS)
  clientAuthentication?: ClientAuthentication;

  @ApiPropertyOptional({ type: ProviderSettingsDto })
  @IfGiven()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ProviderSettingsDto)
  settings?: ProviderSettingsDto;
}

/** What to change about a provider; at least one of the three. */
export class ChangeProviderDto extends ProviderChangeDto {
  /** What is left out stays as it is. */
  @ApiPropertyOptional({ type: ProviderSettingsDto })
  @IfGiven()
  @IsNotEmptyObject({}, { message: 'must be an object with something in it' })
  @ValidateNested()
  @Type(() => ProviderSettingsDto)
  settings?: ProviderSettingsDto;
}

/** The client secret that replaces the present one. */
export class ReplaceProviderSecretDto {
  /** No answer ever contains it. */
  @ApiProperty({ type: 'string', format: 'password', writeOnly: true, minLength: 1, maxLength: 4096 })
  @IsCleanText({ min: 1, max: 4096 })
  clientSecret: string;
}
