import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { newSecret } from '../../../../kernel/secrets.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { readEmailAddress } from '../email-address.js';
import { Admission } from '../members/admission.js';
import { AuditedInvitations, type DraftedInvitation, type Inviter } from './audited-invitations.js';
import { InvitationPost } from './invitation-post.js';

export interface NewInvitation {
  readonly organisationId: OrganisationId;
  /** In any spelling. */
  readonly email: string;
  readonly role: OrganisationRole;
  /** The language of the mail to somebody who is new here; the inviter's when null. */
  readonly locale: string | null;
}

/**
 * Invites somebody by mail. The answer is the same whether or not the address has an account: it tells only of members, whom the inviter can see
 * anyway.
 */
@Injectable()
export class InviteMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: AuditedInvitations,
    private readonly admission: Admission,
    private readonly post: InvitationPost,
  ) {}

  /**
   * Raises `lethe/invalid_request` for an address that is none, `members/role_beyond_yours`, `members/already_member`, `members/invitation_exists`,
   * `members/too_many_invitations`, `members/invited_too_often` and `mail/not_configured`.
   */
  async run({ organisationId, email, role, locale }: NewInvitation, inviter: Inviter): Promise<Invitation> {
    const address = readEmailAddress(email);
    if ('problem' in address) throw invalidRequest([{ field: 'email', message: address.problem }]);
    const people = await this.post.correspondents(address.normal, inviter);
    const drafted: DraftedInvitation = {
      organisationId,
      email: address.written,
      emailNormal: address.normal,
      role,
      locale: locale ?? people.inviterLocale ?? 'en',
    };
    const token = newSecret();
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.admission.requireMayInvite(tx, drafted, people.invited?.id ?? null, inviter);
      const invitation = await this.invitations.add(tx, drafted, token, inviter);
      await this.post.send(tx, invitation, token, people);
      return invitation;
    });
  }
}
