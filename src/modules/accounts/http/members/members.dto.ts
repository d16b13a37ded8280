import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ORGANISATION_ROLES, type OrganisationRole } from '../../../../platform/http/permissions.js';
import type { MembershipSource } from '../../../tenants/tenants.contract.js';
import type { Member } from '../../core/members/read-members.js';

const SOURCES = ['founder', 'invitation', 'sso', 'scim'] as const satisfies readonly MembershipSource[];

/** What a member is to be. */
export class ChangeMemberDto {
  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  @IsIn(ORGANISATION_ROLES, { message: `must be one of ${ORGANISATION_ROLES.join(', ')}` })
  role: OrganisationRole;
}

/** A member of an organisation. */
export class MemberDto {
  accountId: string;

  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  role: OrganisationRole;

  /** How they became a member. What an identity provider made (`sso`, `scim`) it also changes and removes. */
  @ApiProperty({ enum: SOURCES })
  source: MembershipSource;

  @ApiProperty({ type: 'string', nullable: true })
  displayName: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  username: string | null;

  /** Null until they have proven one. */
  @ApiProperty({ type: 'string', nullable: true })
  email: string | null;

  /** Since when, RFC 3339. */
  createdAt: string;

  static of(this: void, member: Member): MemberDto {
    const { accountId, role, source, displayName, username, email, createdAt } = member;
    return { accountId, role, source, displayName, username, email, createdAt: createdAt.toISOString() };
  }
}
