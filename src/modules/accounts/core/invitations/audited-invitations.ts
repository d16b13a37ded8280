import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type InvitationId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { hashSecret, isSecretShaped } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal, OperatorPrincipal } from '../../../../platform/http/principal.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { INVITATION_MS, INVITATION_PACE, MOST_PENDING, MOST_SENT, SEND_AGAIN_AFTER_MS } from './invitation-limits.js';

/** Who may invite: members whose role lets them, and operators, who so give an organisation its first owner. */
export type Inviter = AccountPrincipal | OperatorPrincipal;

/** What is decided about an invitation before there is one. */
export type DraftedInvitation = Pick<Invitation, 'organisationId' | 'email' | 'emailNormal' | 'role' | 'locale'>;

/** Changes to invitations within what may be sent, each with its audit row in the same transaction. No row names whom. */
@Injectable()
export class AuditedInvitations {
  constructor(
    private readonly rows: InvitationsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `members/invitation_not_found`. */
  async find(tx: Tx, organisationId: OrganisationId, id: InvitationId): Promise<Invitation> {
    const invitation = await this.rows.find(tx, organisationId, id);
    if (invitation === null) throw membersErrors.invitation_not_found();
    return invitation;
  }

  /** The same, locked until the transaction ends. */
  async lock(tx: Tx, organisationId: OrganisationId, id: InvitationId): Promise<Invitation> {
    const invitation = await this.rows.lock(tx, organisationId, id);
    if (invitation === null) throw membersErrors.invitation_not_found();
    return invitation;
  }

  /** The invitation of a link, locked until the transaction ends: of two who take it up at once the second finds none. Raises `members/invitation_not_valid`. */
  async lockByToken(tx: Tx, token: string): Promise<Invitation> {
    const invitation = isSecretShaped(token) ? await this.rows.lockByToken(tx, hashSecret(token)) : null;
    if (invitation === null || invitation.expiresAt <= this.clock.now()) throw membersErrors.invitation_not_valid();
    return invitation;
  }

  /** Raises `members/invited_too_often`, `members/invitation_exists` and `members/too_many_invitations`. */
  async add(tx: Tx, drafted: DraftedInvitation, token: string, inviter: Inviter): Promise<Invitation> {
    const { organisationId } = drafted;
    const invitation = {
      ...drafted,
      id: newId<InvitationId>(),
      sentCount: 1,
      createdAt: this.clock.now(),
      ...this.sending(token, inviter),
    };
    await this.rows.deleteExpired(tx, invitation.createdAt, organisationId);
    if (!(await this.rows.insert(tx, invitation))) throw membersErrors.invitation_exists({ details: { field: 'email' } });
    // Makes those who invite at the same moment wait for one another, so that the count below is true.
    await this.countMail(tx, organisationId);
    if ((await this.rows.count(tx, organisationId)) > MOST_PENDING) throw membersErrors.too_many_invitations();
    await this.record(tx, 'invitation.created', invitation, inviter);
    return invitation;
  }

  /** A new link and a new week, in the name of whoever asks now; the old link ends. Raises `members/invited_too_often`. */
  async renew(tx: Tx, before: Invitation, token: string, inviter: Inviter): Promise<Invitation> {
    const waitMs = before.sentAt.getTime() + SEND_AGAIN_AFTER_MS - this.clock.nowMs();
    if (waitMs > 0) throw membersErrors.invited_too_often({ details: { retryAfterSeconds: Math.ceil(waitMs / 1_000) } });
    if (before.sentCount >= MOST_SENT) throw membersErrors.invited_too_often();
    const change = { sentCount: before.sentCount + 1, ...this.sending(token, inviter) };
    await this.countMail(tx, before.organisationId);
    await this.rows.renew(tx, before, change);
    await this.record(tx, 'invitation.sent_again', before, inviter);
    return { ...before, ...change };
  }

  async end(tx: Tx, invitation: Invitation, how: 'accepted' | 'revoked', actor: AuditActor): Promise<void> {
    await this.rows.delete(tx, invitation.organisationId, invitation.id);
    await this.record(tx, `invitation.${how}`, invitation, actor);
  }

  private sending(token: string, inviter: Inviter): Pick<Invitation, 'tokenHash' | 'invitedByKind' | 'invitedBy' | 'sentAt' | 'expiresAt'> {
    const sentAt = this.clock.now();
    const expiresAt = new Date(sentAt.getTime() + INVITATION_MS);
    return { tokenHash: hashSecret(token), invitedByKind: inviter.kind, invitedBy: inviter.id, sentAt, expiresAt };
  }

  private async countMail(tx: Tx, organisationId: OrganisationId): Promise<void> {
    if (await this.rows.allowMail(tx, organisationId, INVITATION_PACE, this.clock.now())) return;
    throw membersErrors.invited_too_often({ details: { retryAfterSeconds: 86_400 / INVITATION_PACE.perDay } });
  }

  private record(tx: Tx, action: `invitation.${string}`, invitation: Invitation, actor: AuditActor): Promise<void> {
    const { id, organisationId, role } = invitation;
    return this.audit.record(tx, { actor, action, organisationId, target: { type: 'invitation', id }, detail: { role } });
  }
}
