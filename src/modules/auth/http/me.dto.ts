import { ApiProperty } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ORGANISATION_ROLES, type OrganisationRole } from '../../../platform/http/permissions.js';
import type { HeldRole, Principal } from '../../../platform/http/principal.js';

/** What a person is in one organisation. */
export class MeMembershipDto {
  organisationId: string;

  @ApiProperty({ enum: ORGANISATION_ROLES, enumName: 'OrganisationRole' })
  role: OrganisationRole;

  /** What the role lets them do there. */
  permissions: string[];
}

/** Who is calling. */
export class MeDto {
  @ApiProperty({ enum: ['operator', 'service_key', 'account'] })
  kind: Principal['kind'];

  /** The operator's id, the key's or the account's. */
  id: string;

  /** The key's organisation; null for an operator, who acts for all, and for a person, who may belong to several. */
  @ApiProperty({ type: 'string', nullable: true })
  organisationId: string | null;

  /** The key's project; null for anyone else. */
  @ApiProperty({ type: 'string', nullable: true })
  projectId: string | null;

  /** What the caller may do anywhere; a person may do more in their organisations. */
  permissions: string[];

  /** A person's organisations; empty for anyone else. */
  @ApiProperty({ type: [MeMembershipDto] })
  memberships: MeMembershipDto[];

  static of(this: void, principal: Principal): MeDto {
    const isKey = principal.kind === 'service_key';
    return {
      kind: principal.kind,
      id: principal.id,
      organisationId: isKey ? principal.organisationId : null,
      projectId: isKey ? principal.projectId : null,
      permissions: [...principal.permissions].sort(),
      memberships: principal.kind === 'account' ? [...principal.memberships].map(membershipOf) : [],
    };
  }
}

function membershipOf([organisationId, { role, permissions }]: readonly [OrganisationId, HeldRole]): MeMembershipDto {
  return { organisationId, role, permissions: [...permissions].sort() };
}
