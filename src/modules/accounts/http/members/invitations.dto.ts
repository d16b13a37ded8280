import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches, MaxLength } from 'class-validator';
import { IfGiven, IsCleanText } from '../../../../platform/http/field-rules.js';
import { ORGANISATION_ROLES, type OrganisationRole } from '../../../../platform/http/permissions.js';
import type { Invitation } from '../../data/members/invitation.entity.js';

/** Longer than any address there is; the rule for addresses says the rest. */
const LONGEST_ADDRESS = 320;

/** Whom to invite, and as what. */
export class InviteDto {
  /** Only an account with this address can take the invitation up. */
  @ApiProperty({ type: 'string', format: 'email', maxLength: LONGEST_ADDRESS, example: 'kim@example.com' })
  @IsCleanText({ min: 3, max: LONGEST_ADDRESS })
  email: string;

  /** None that may do more than one's own. */
  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  @IsIn(ORGANISATION_ROLES, { message: `must be one of ${ORGANISATION_ROLES.join(', ')}` })
  role: OrganisationRole;

  /** Language of the mail, BCP 47; one's own when left out. Whoever has an account is written to in theirs. */
  @ApiPropertyOptional({ type: 'string', maxLength: 35, example: 'de' })
  @IfGiven()
  @MaxLength(35, { message: 'must have at most 35 characters' })
  @Matches(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/, { message: 'must be a language tag, such as "de" or "zh-Hans"' })
  locale?: string;
}

/** The link that was mailed. */
export class AcceptInvitationDto {
  /** What stands behind `#token=` in the link. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100 })
  @IsCleanText({ min: 1, max: 100 })
  token: string;
}

/** What has been joined. */
export class AcceptedInvitationDto {
  organisationId: string;

  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  role: OrganisationRole;
}

/** An invitation that has not been taken up; never its link. */
export class InvitationDto {
  id: string;

  organisationId: string;

  email: string;

  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  role: OrganisationRole;

  @ApiProperty({ enum: ['account', 'operator'] })
  invitedByKind: 'account' | 'operator';

  /** Who sent it last. It ends with their right to give this role. */
  invitedBy: string;

  /** RFC 3339. */
  createdAt: string;

  /** When its last mail was sent, RFC 3339. */
  sentAt: string;

  /** RFC 3339. */
  expiresAt: string;

  static of(this: void, invitation: Invitation): InvitationDto {
    const { id, organisationId, email, role, invitedByKind, invitedBy, createdAt, sentAt, expiresAt } = invitation;
    return {
      id,
      organisationId,
      email,
      role,
      invitedByKind,
      invitedBy,
      createdAt: createdAt.toISOString(),
      sentAt: sentAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    };
  }
}
