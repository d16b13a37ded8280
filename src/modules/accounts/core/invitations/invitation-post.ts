import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { AccountEntity } from '../../data/account.entity.js';
import type { InvitationEntity } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';
import { membersErrors } from '../../members.errors.js';
import { INVITATION_DAYS, INVITATION_PACE } from './invitation-limits.js';

/** Who is on either end of an invitation. */
export interface Correspondents {
  /** Whoever has proven the address; null for one that is new here. Only ever used to write to them, and to see that they are no member. */
  readonly invited: AccountEntity | null;
  readonly inviterName: string | null;
  readonly inviterLocale: string | null;
}

/** Sends the link of an invitation, within what an organisation may send. */
@Injectable()
export class InvitationPost {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly invitations: InvitationsRepository,
    private readonly tenants: Tenants,
    private readonly mailer: Mailer,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Read before the change, whose transaction sees one organisation and no accounts. */
  correspondents(emailNormal: string, caller: Principal): Promise<Correspondents> {
    return this.unitOfWork.asSystem(async (tx) => {
      const invited = await this.accounts.findByVerifiedEmail(tx, emailNormal);
      const inviter = caller.kind === 'account' ? await this.accounts.find(tx, caller.id) : null;
      return { invited, inviterName: inviter?.displayName ?? null, inviterLocale: inviter?.locale ?? null };
    });
  }

  /**
   * Counts the mail and queues it. The link carries its token behind `#`, which no browser sends to any server. Raises `members/invited_too_often`, and
   * `mail/not_configured` where no mail can be sent.
   */
  async send(tx: Tx, invitation: InvitationEntity, token: string, { invited, inviterName }: Correspondents): Promise<void> {
    const { organisationId, email, locale, role } = invitation;
    const isAllowed = await this.invitations.allowMail(tx, organisationId, INVITATION_PACE, this.clock.now());
    if (!isAllowed) throw membersErrors.invited_too_often({ details: { retryAfterSeconds: 86_400 / INVITATION_PACE.perDay } });
    const organisation = await this.tenants.findOrganisation(tx, organisationId);
    const link = `${publicUrl(this.settings)}/invitations/accept#token=${token}`;
    await this.mailer.send(
      tx,
      'invitation',
      { accountId: invited?.id ?? null, email, locale: invited?.locale ?? locale },
      {
        organisation: organisation?.name ?? '',
        role,
        link,
        days: INVITATION_DAYS,
        ...(inviterName === null ? {} : { inviter: inviterName }),
      },
    );
  }
}
