import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import { IsCleanText } from '../../../platform/http/field-rules.js';
import { PROVIDER_SECRET, PROVIDER_SECRET_RULE } from '../core/provider-secret.js';
import { type CredentialView, PROVIDER_NAMES, type ProviderName } from '../credentials.contract.js';

const STATUSES = ['active', 'disabled'] as const;

/** A credential to store. */
export class IssueCredentialDto {
  /** Unique in the organisation. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100 })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  /** Whose API the secret is for. */
  @ApiProperty({ enum: PROVIDER_NAMES })
  @IsIn(PROVIDER_NAMES)
  provider: ProviderName;

  /** Where the API answers, up to and including its version. Required for `openai_compatible`, refused for `stand_in`. */
  @ApiPropertyOptional({ type: 'string', format: 'uri', maxLength: 2000, example: 'https://api.example.com/v1' })
  @IsOptional()
  @IsCleanText({ min: 1, max: 2000 })
  baseUrl?: string;

  /** The provider's API key: 8 to 4096 visible ASCII characters. No answer ever contains it. */
  @ApiProperty({ type: 'string', format: 'password', writeOnly: true, minLength: 8, maxLength: 4096 })
  @Matches(PROVIDER_SECRET, { message: PROVIDER_SECRET_RULE })
  secret: string;
}

/** What to change about a credential; at least one of the two. */
export class ChangeCredentialDto {
  /** Unique in the organisation. */
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IsOptional()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** A disabled credential is left out of every route until it is active again. */
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: (typeof STATUSES)[number];
}

/** The secret that replaces the present one. */
export class RotateCredentialDto {
  /** The provider's new API key: 8 to 4096 visible ASCII characters. No answer ever contains it. */
  @ApiProperty({ type: 'string', format: 'password', writeOnly: true, minLength: 8, maxLength: 4096 })
  @Matches(PROVIDER_SECRET, { message: PROVIDER_SECRET_RULE })
  secret: string;
}

/** A stored credential, without its secret. */
export class CredentialDto implements CredentialView {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: CredentialId;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: OrganisationId;

  @ApiProperty({ type: 'string' })
  name: string;

  @ApiProperty({ enum: PROVIDER_NAMES })
  provider: ProviderName;

  /** Null: the provider's own address. */
  @ApiProperty({ type: 'string', nullable: true })
  baseUrl: string | null;

  @ApiProperty({ enum: STATUSES })
  status: (typeof STATUSES)[number];

  /** Counts the secrets this credential has had. */
  @ApiProperty({ type: 'integer' })
  version: number;

  /** The last four characters of the secret; empty for a short one. */
  @ApiProperty({ type: 'string', example: '…4f2a' })
  hint: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time' })
  updatedAt: Date;
}
