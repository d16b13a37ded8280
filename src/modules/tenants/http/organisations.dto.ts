import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateIf } from 'class-validator';
import { IsCleanText, IsSlug } from '../../../platform/http/field-rules.js';
import type { OrganisationKind, OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';

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
  @ValidateIf((_, value) => value !== undefined)
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** `suspended` refuses its calls within a second; `active` lets them through again. */
  @ApiPropertyOptional({ enum: ['active', 'suspended'] })
  @ValidateIf((_, value) => value !== undefined)
  @IsIn(['active', 'suspended'], { message: 'must be "active" or "suspended"' })
  status?: OrganisationStatus;
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

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339. */
  updatedAt: string;

  static of(this: void, organisation: OrganisationSummary): OrganisationDto {
    const { id, slug, name, kind, status, createdAt, updatedAt } = organisation;
    return { id, slug, name, kind, status, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  }
}
