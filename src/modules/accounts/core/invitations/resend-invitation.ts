import { Injectable } from '@nestjs/common';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { newSecret } from '../../../../kernel/secrets.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { Admission } from '../members/admission.js';
import { AuditedInvitations, type Inviter } from './audited-invitations.js';
import { InvitationPost } from './invitation-post.js';

/** Sends an invitation again, with a new link and a new week; the old link is worth nothing from then on. It now rests on whoever sent it again. */
@Injectable()
export class ResendInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: AuditedInvitations,
    private readonly admission: Admission,
    private readonly post: InvitationPost,
  ) {}

  /**
   * Raises `members/invitation_not_found`, `members/role_beyond_yours`, `members/already_member`, `members/invited_too_often` and
   * `mail/not_configured`.
   */
  async run(organisationId: OrganisationId, id: InvitationId, inviter: Inviter): Promise<Invitation> {
    const { emailNormal } = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.invitations.find(tx, organisationId, id));
    const people = await this.post.correspondents(emailNormal, inviter);
    const token = newSecret();
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.invitations.lock(tx, organisationId, id);
      await this.admission.requireMayInvite(tx, before, people.invited?.id ?? null, inviter);
      const invitation = await this.invitations.renew(tx, before, token, inviter);
      await this.post.send(tx, invitation, token, people);
      return invitation;
    });
  }
}
