import { ApiProperty } from '@nestjs/swagger';
import { IsId } from '../../../../platform/http/field-rules.js';
import type { OwnershipOffer } from '../../data/members/ownership-offer.entity.js';

/** Whom to offer the ownership. */
export class OfferOwnershipDto {
  /** The account of a member. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  accountId: string;
}

/** Ownership on offer. */
export class OwnershipOfferDto {
  organisationId: string;

  /** Who would be an admin then. */
  fromAccountId: string;

  /** Who would be an owner then. */
  toAccountId: string;

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339. */
  expiresAt: string;

  static of(this: void, { organisationId, fromAccountId, toAccountId, createdAt, expiresAt }: OwnershipOffer): OwnershipOfferDto {
    return { organisationId, fromAccountId, toAccountId, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
  }
}
