import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Admission } from '../members/admission.js';
import { AuditedInvitations } from './audited-invitations.js';
import { InvitedPerson } from './invited-person.js';

/**
 * Takes an invitation up. Only the account with the invited address can: a forwarded link opens nothing to anybody else. Proof of the address,
 * membership and the end of the invitation commit together.
 */
@Injectable()
export class AcceptInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: AuditedInvitations,
    private readonly person: InvitedPerson,
    private readonly admission: Admission,
  ) {}

  /**
   * Raises `members/invitation_not_valid`, `members/invitation_for_another`, `tenants/already_member`, and `accounts/email_taken` when another account has
   * proven the address.
   */
  async run(
    token: string,
    { id }: Pick<AccountPrincipal, 'id'>,
  ): Promise<{ readonly organisationId: OrganisationId; readonly role: OrganisationRole }> {
    // A system transaction, because the link alone says which organisation it is.
    return this.unitOfWork.asSystem(async (tx) => {
      const invitation = await this.invitations.lockByToken(tx, token);
      await this.person.require(tx, id, invitation.emailNormal);
      await this.admission.admit(tx, invitation, id);
      await this.invitations.end(tx, invitation, 'accepted', { kind: 'account', id });
      return { organisationId: invitation.organisationId, role: invitation.role };
    });
  }
}
