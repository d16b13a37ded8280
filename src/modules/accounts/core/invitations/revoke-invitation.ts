import { Injectable } from '@nestjs/common';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Authority } from '../members/authority.js';
import { AuditedInvitations, type Inviter } from './audited-invitations.js';

/** Takes an invitation back: its link is worth nothing from that moment on. */
@Injectable()
export class RevokeInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: AuditedInvitations,
    private readonly authority: Authority,
  ) {}

  /** Raises `members/invitation_not_found` and `members/role_beyond_yours`. */
  async run(organisationId: OrganisationId, id: InvitationId, caller: Inviter): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const invitation = await this.invitations.lock(tx, organisationId, id);
      await this.authority.requireOver(tx, organisationId, caller, [invitation.role]);
      await this.invitations.end(tx, invitation, 'revoked', caller);
    });
  }
}
