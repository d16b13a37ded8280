import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsCleanText, IsId } from '../../../platform/http/field-rules.js';
import { OptionalFlag } from '../../../platform/http/optional-fields.js';
import { CHALLENGE_LABEL, CHALLENGE_PREFIX } from '../core/domain-proof.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';

/** A domain to claim. */
export class ClaimDomainDto {
  /** What stands behind the @ of the organisation's addresses. Subdomains are claimed one by one. */
  @ApiProperty({ type: 'string', maxLength: 253, example: 'example.com' })
  @IsCleanText({ min: 3, max: 253 })
  domain: string;
}

/** What to change about a domain; at least one of the two. */
export class ChangeDomainDto {
  /** The organisation's provider through which its people sign in; null: any way they like. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid', nullable: true })
  @IsOptional()
  @IsId()
  providerId?: string | null;

  /** Whether every other way to sign in is refused to them. Only for a domain that is proven and has an active provider. */
  @OptionalFlag()
  ssoRequired?: boolean;
}

/** An e-mail domain of an organisation. */
export class DomainDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: string;

  @ApiProperty({ type: 'string' })
  domain: string;

  /** The name of the TXT record that proves it. */
  @ApiProperty({ type: 'string', example: `${CHALLENGE_LABEL}.example.com` })
  recordName: string;

  /** What that record has to say. */
  @ApiProperty({ type: 'string', example: `${CHALLENGE_PREFIX}…` })
  recordValue: string;

  /** When the record was seen, RFC 3339; null: not proven, and without effect. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  verifiedAt: string | null;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  providerId: string | null;

  @ApiProperty({ type: 'boolean' })
  ssoRequired: boolean;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: string;

  static of(this: void, row: CapturedDomainRow): DomainDto {
    const { id, organisationId, domain, challenge, verifiedAt, providerId, ssoRequired, createdAt } = row;
    return {
      id,
      organisationId,
      domain,
      recordName: `${CHALLENGE_LABEL}.${domain}`,
      recordValue: `${CHALLENGE_PREFIX}${challenge}`,
      verifiedAt: verifiedAt?.toISOString() ?? null,
      providerId,
      ssoRequired,
      createdAt: createdAt.toISOString(),
    };
  }
}
