import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { InvitationEntity } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';

/** Changes to invitations, each with its audit row in the same transaction. No row names whom. */
@Injectable()
export class AuditedInvitations {
  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `members/invitation_exists`. */
  async add(tx: Tx, invitation: InvitationEntity, actor: AuditActor): Promise<void> {
    if (!(await this.invitations.insert(tx, invitation))) throw membersErrors.invitation_exists({ details: { field: 'email' } });
    await this.record(tx, 'invitation.created', invitation, actor);
  }

  async renew(tx: Tx, invitation: InvitationEntity, actor: AuditActor): Promise<void> {
    const { tokenHash, invitedByKind, invitedBy, sentCount, sentAt, expiresAt } = invitation;
    await this.invitations.renew(tx, invitation, { tokenHash, invitedByKind, invitedBy, sentCount, sentAt, expiresAt });
    await this.record(tx, 'invitation.sent_again', invitation, actor);
  }

  async end(tx: Tx, invitation: InvitationEntity, how: 'accepted' | 'revoked', actor: AuditActor): Promise<void> {
    await this.invitations.delete(tx, invitation.organisationId, invitation.id);
    await this.record(tx, `invitation.${how}`, invitation, actor);
  }

  private record(
    tx: Tx,
    action: `invitation.${string}`,
    { id, organisationId, role }: { readonly id: string; readonly organisationId: OrganisationId; readonly role: string },
    actor: AuditActor,
  ): Promise<void> {
    return this.audit.record(tx, { actor, action, organisationId, target: { type: 'invitation', id }, detail: { role } });
  }
}
