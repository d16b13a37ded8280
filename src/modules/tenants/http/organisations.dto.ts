import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfGiven, IsCleanText, IsSlug } from '../../../platform/http/field-rules.js';
import { OptionalFlag, OptionalTexts } from '../../../platform/http/optional-fields.js';
import type { OrganisationKind, OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';

const MAX_NETWORKS = 50;

/** A new organisation. */
export class CreateOrganisationDto {
  /** Short name for addresses and the command line; unique, never changed. */
  @ApiProperty({ type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$', example: 'acme' })
  @IsSlug()
  slug: string;

  /** Name that people read. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Acme Ltd' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;
}

/** What to change of an organisation; what is left out stays. */
export class UpdateOrganisationDto {
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** `suspended` refuses its calls within a second; `active` lets them through again. A member who owns it may suspend it, an operator do both. */
  @ApiPropertyOptional({ enum: ['active', 'suspended'] })
  @IfGiven()
  @IsIn(['active', 'suspended'], { message: 'must be "active" or "suspended"' })
  status?: OrganisationStatus;

  /** Whether members must use a second factor. Who has none can do nothing but set one up. */
  @OptionalFlag()
  secondFactorRequired?: boolean;

  /** Addresses and CIDR blocks members may act from; from anywhere when empty. To a member who comes from elsewhere the organisation does not exist. */
  @OptionalTexts({ maxItems: MAX_NETWORKS, maxLength: 64, example: ['203.0.113.0/24'] })
  memberNetworks?: string[];
}

/** An organisation. */
export class OrganisationDto {
  id: string;

  slug: string;

  name: string;

  /** `operator` for the installation's own organisation, else `customer`. */
  @ApiProperty({ enum: ['operator', 'customer'] })
  kind: OrganisationKind;

  @ApiProperty({ enum: ['active', 'suspended'] })
  status: OrganisationStatus;

  /** Whether members must use a second factor. */
  secondFactorRequired: boolean;

  /** CIDR blocks members may act from; from anywhere when empty. */
  memberNetworks: string[];

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339. */
  updatedAt: string;

  static of(this: void, organisation: OrganisationSummary): OrganisationDto {
    const { id, slug, name, kind, status, secondFactorRequired, createdAt, updatedAt } = organisation;
    const memberNetworks = [...organisation.memberNetworks];
    const moments = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
    return { id, slug, name, kind, status, secondFactorRequired, memberNetworks, ...moments };
  }
}
