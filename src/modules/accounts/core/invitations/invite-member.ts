import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { type InvitationId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { AccountPrincipal, OperatorPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { InvitationEntity } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { readEmailAddress } from '../email-address.js';
import { Authority } from '../members/authority.js';
import { hashSecret, newSecret } from '../secrets.js';
import { AuditedInvitations } from './audited-invitations.js';
import { INVITATION_MS, MOST_PENDING } from './invitation-limits.js';
import { InvitationPost } from './invitation-post.js';

export interface NewInvitation {
  readonly organisationId: OrganisationId;
  /** In any spelling. */
  readonly email: string;
  readonly role: OrganisationRole;
  /** The language of the mail to somebody who is new here; the inviter's when null. */
  readonly locale: string | null;
}

/** Who may invite: members whose role lets them, and operators, who so give an organisation its first owner. */
export type Inviter = AccountPrincipal | OperatorPrincipal;

/**
 * Invites somebody by mail. The answer is the same whether or not the address has an account: it tells only of members, whom the inviter can see
 * anyway.
 */
@Injectable()
export class InviteMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: InvitationsRepository,
    private readonly invitations: AuditedInvitations,
    private readonly memberships: Memberships,
    private readonly authority: Authority,
    private readonly post: InvitationPost,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `lethe/invalid_request` for an address that is none, `members/role_beyond_yours`, `members/already_member`, `members/invitation_exists`,
   * `members/too_many_invitations`, `members/invited_too_often` and `mail/not_configured`.
   */
  async run(wanted: NewInvitation, caller: Inviter): Promise<InvitationEntity> {
    const { organisationId, role } = wanted;
    const address = readEmailAddress(wanted.email);
    if ('problem' in address) throw invalidRequest([{ field: 'email', message: address.problem }]);
    const people = await this.post.correspondents(address.normal, caller);
    const token = newSecret();
    const now = this.clock.now();
    const invitation: InvitationEntity = {
      id: newId<InvitationId>(),
      organisationId,
      email: address.written,
      emailNormal: address.normal,
      role,
      locale: wanted.locale ?? people.inviterLocale ?? 'en',
      tokenHash: hashSecret(token),
      invitedByKind: caller.kind,
      invitedBy: caller.id,
      sentCount: 1,
      createdAt: now,
      sentAt: now,
      expiresAt: new Date(now.getTime() + INVITATION_MS),
    };
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.authority.requireOver(tx, organisationId, caller, [role]);
      const member = people.invited && (await this.memberships.find(tx, organisationId, people.invited.id));
      if (member) throw membersErrors.already_member({ details: { field: 'email' } });
      await this.rows.deleteExpired(tx, now, organisationId);
      await this.invitations.add(tx, invitation, caller);
      await this.post.send(tx, invitation, token, people);
      await this.requireRoom(tx, organisationId);
    });
    return invitation;
  }

  /** Asked last: sending has made those who invite at the same moment wait for one another. */
  private async requireRoom(tx: Tx, organisationId: OrganisationId): Promise<void> {
    if ((await this.rows.count(tx, organisationId)) > MOST_PENDING) throw membersErrors.too_many_invitations();
  }
}
