import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IfGiven, IsCleanText } from '../../../platform/http/field-rules.js';
import { OptionalFlag } from '../../../platform/http/optional-fields.js';
import { ORGANISATION_ROLES, type OrganisationRole } from '../../../platform/http/permissions.js';
import { SECOND_FACTOR_TRUST, type SecondFactorTrust } from '../core/trust-settings.js';

const MEMBER_ROLES = ORGANISATION_ROLES.filter((role) => role !== 'owner') as Exclude<OrganisationRole, 'owner'>[];
export const PROVIDER_STATUSES = ['active', 'disabled'] as const;

/** What of a provider's word counts, and what becomes of people it brings: the same for providers of every kind. */
export class ProviderTrustDto {
  /** Whether people without an account get one, where the installation lets people sign up. */
  @OptionalFlag()
  allowsSignUp?: boolean;

  /** For an organisation's providers: the role of people who are no members yet; null leaves them outside. */
  @ApiPropertyOptional({ enum: MEMBER_ROLES, nullable: true })
  @IsOptional()
  @IsIn(MEMBER_ROLES, { message: `must be one of ${MEMBER_ROLES.join(', ')}, or null` })
  memberRole?: Exclude<OrganisationRole, 'owner'> | null;

  /** When a sign-in counts as two factors: never, when the provider says so (in `amr`; in SAML REFEDS MFA or Entra ID's claim), or always. */
  @ApiPropertyOptional({ enum: SECOND_FACTOR_TRUST })
  @IfGiven()
  @IsIn(SECOND_FACTOR_TRUST)
  secondFactor?: SecondFactorTrust;
}

/** What can be changed of a provider of any kind. */
export class ProviderChangeDto {
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** Through a disabled provider nobody signs in; what is linked stays linked. */
  @ApiPropertyOptional({ enum: PROVIDER_STATUSES })
  @IfGiven()
  @IsIn(PROVIDER_STATUSES)
  status?: (typeof PROVIDER_STATUSES)[number];
}
