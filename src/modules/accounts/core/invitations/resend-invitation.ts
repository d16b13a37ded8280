import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { InvitationEntity } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { Authority } from '../members/authority.js';
import { hashSecret, newSecret } from '../secrets.js';
import { AuditedInvitations } from './audited-invitations.js';
import { INVITATION_MS, MOST_SENT, SEND_AGAIN_AFTER_MS } from './invitation-limits.js';
import { InvitationPost } from './invitation-post.js';
import type { Inviter } from './invite-member.js';

/** Sends an invitation again, with a new link and a new week; the old link is worth nothing from then on. It now rests on whoever sent it again. */
@Injectable()
export class ResendInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: InvitationsRepository,
    private readonly invitations: AuditedInvitations,
    private readonly authority: Authority,
    private readonly post: InvitationPost,
    private readonly clock: Clock,
  ) {}

  /** Raises `members/invitation_not_found`, `members/role_beyond_yours`, `members/invited_too_often` and `mail/not_configured`. */
  async run(organisationId: OrganisationId, id: InvitationId, caller: Inviter): Promise<InvitationEntity> {
    const found = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.rows.find(tx, organisationId, id));
    if (found === null) throw membersErrors.invitation_not_found();
    const people = await this.post.correspondents(found.emailNormal, caller);
    const token = newSecret();
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const invitation = await this.rows.lock(tx, organisationId, id);
      if (invitation === null) throw membersErrors.invitation_not_found();
      await this.authority.requireOver(tx, organisationId, caller, [invitation.role]);
      const now = this.clock.now();
      const waitMs = invitation.sentAt.getTime() + SEND_AGAIN_AFTER_MS - now.getTime();
      if (waitMs > 0) throw membersErrors.invited_too_often({ details: { retryAfterSeconds: Math.ceil(waitMs / 1_000) } });
      if (invitation.sentCount >= MOST_SENT) throw membersErrors.invited_too_often();
      const renewed: InvitationEntity = {
        ...invitation,
        tokenHash: hashSecret(token),
        invitedByKind: caller.kind,
        invitedBy: caller.id,
        sentCount: invitation.sentCount + 1,
        sentAt: now,
        expiresAt: new Date(now.getTime() + INVITATION_MS),
      };
      await this.invitations.renew(tx, renewed, caller);
      await this.post.send(tx, renewed, token, people);
      return renewed;
    });
  }
}
