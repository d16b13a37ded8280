import { Injectable } from '@nestjs/common';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { Authority } from '../members/authority.js';
import { AuditedInvitations } from './audited-invitations.js';
import type { Inviter } from './invite-member.js';

/** Takes an invitation back: its link is worth nothing from that moment on. */
@Injectable()
export class RevokeInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: InvitationsRepository,
    private readonly invitations: AuditedInvitations,
    private readonly authority: Authority,
  ) {}

  /** Raises `members/invitation_not_found` and `members/role_beyond_yours`. */
  async run(organisationId: OrganisationId, id: InvitationId, caller: Inviter): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const invitation = await this.rows.lock(tx, organisationId, id);
      if (invitation === null) throw membersErrors.invitation_not_found();
      await this.authority.requireOver(tx, organisationId, caller, [invitation.role]);
      await this.invitations.end(tx, invitation, 'revoked', caller);
    });
  }
}
