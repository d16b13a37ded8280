import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { InvitationEntity } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { covers, permissionsOf } from '../members/authority.js';
import { hashSecret, isSecretShaped } from '../secrets.js';
import { AuditedInvitations } from './audited-invitations.js';

/**
 * Takes an invitation up. Only the account with the invited address can: a forwarded link opens nothing to anybody else. An address that its owner
 * has not proven yet is proven by the link, which went to it and nowhere else. Address, membership and the end of the invitation commit together.
 */
@Injectable()
export class AcceptInvitation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly rows: InvitationsRepository,
    private readonly invitations: AuditedInvitations,
    private readonly memberships: Memberships,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `members/invitation_not_valid`, `members/invitation_for_another`, `tenants/already_member`, and `accounts/email_taken` when another account has
   * proven the address.
   */
  async run(
    token: string,
    { id }: Pick<AccountPrincipal, 'id'>,
  ): Promise<{ readonly organisationId: OrganisationId; readonly role: OrganisationRole }> {
    if (!isSecretShaped(token)) throw membersErrors.invitation_not_valid();
    const actor = { kind: 'account', id } as const;
    return this.unitOfWork.asSystem(async (tx) => {
      const invitation = await this.rows.lockByToken(tx, hashSecret(token));
      if (invitation === null || invitation.expiresAt <= this.clock.now()) throw membersErrors.invitation_not_valid();
      const account = await this.accounts.lock(tx, id);
      if (account === null) throw accountsErrors.account_not_found();
      if (account.emailNormal !== invitation.emailNormal) throw membersErrors.invitation_for_another();
      if (!(await this.mayStillInvite(tx, invitation))) throw membersErrors.invitation_not_valid();
      await this.proveAddress(tx, account);
      const { organisationId, role } = invitation;
      await this.memberships.add(tx, { organisationId, accountId: id, role, source: 'invitation' }, actor);
      await this.invitations.end(tx, invitation, 'accepted', actor);
      return { organisationId, role };
    });
  }

  /** Whoever was sent away, or may no longer give this role, leaves no back door behind. */
  private async mayStillInvite(tx: Tx, { organisationId, invitedByKind, invitedBy, role }: InvitationEntity): Promise<boolean> {
    if (invitedByKind === 'operator') return true;
    const inviter = await this.memberships.find(tx, organisationId, invitedBy as AccountId);
    return inviter !== null && covers(permissionsOf(inviter.role), role);
  }

  private async proveAddress(tx: Tx, { id, emailVerifiedAt }: AccountEntity): Promise<void> {
    if (emailVerifiedAt !== null) return;
    const now = this.clock.now();
    await this.accounts.update(tx, id, { emailVerifiedAt: now, updatedAt: now });
    await this.audit.record(tx, {
      actor: { kind: 'account', id },
      action: 'account.email_proven',
      organisationId: null,
      target: { type: 'account', id },
      detail: { by: 'invitation' },
    });
  }
}
