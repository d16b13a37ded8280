import { Injectable } from '@nestjs/common';
import { type AccountId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { membersErrors } from '../../members.errors.js';
import { Authority, covers, permissionsOf } from './authority.js';

/** Who may be let into an organisation, by whom, and letting them in. */
@Injectable()
export class Admission {
  constructor(
    private readonly authority: Authority,
    private readonly memberships: Memberships,
  ) {}

  /** Raises `members/role_beyond_yours`, and `members/already_member` when the account that has the address is one. */
  async requireMayInvite(
    tx: Tx,
    wanted: { readonly organisationId: OrganisationId; readonly role: OrganisationRole },
    invited: AccountId | null,
    inviter: Principal,
  ): Promise<void> {
    const { organisationId, role } = wanted;
    await this.authority.requireOver(tx, organisationId, inviter, [role]);
    // Asked for an address without an account too: the time an answer takes tells nothing either.
    const member = await this.memberships.find(tx, organisationId, invited ?? newId<AccountId>());
    if (member !== null) throw membersErrors.already_member({ details: { field: 'email' } });
  }

  /**
   * Makes an account a member as the invitation says. Raises `tenants/already_member`, and `members/invitation_not_valid` when whoever sent it may no
   * longer give this role: who was sent away leaves no door open behind.
   */
  async admit(tx: Tx, invitation: Invitation, accountId: AccountId): Promise<void> {
    if (!(await this.mayStillInvite(tx, invitation))) throw membersErrors.invitation_not_valid();
    const { organisationId, role } = invitation;
    await this.memberships.add(tx, { organisationId, accountId, role, source: 'invitation' }, { kind: 'account', id: accountId });
  }

  private async mayStillInvite(tx: Tx, { organisationId, invitedByKind, invitedBy, role }: Invitation): Promise<boolean> {
    if (invitedByKind === 'operator') return true;
    const inviter = await this.memberships.find(tx, organisationId, invitedBy as AccountId);
    return inviter !== null && covers(permissionsOf(inviter.role), role);
  }
}
