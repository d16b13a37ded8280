import { Injectable } from '@nestjs/common';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { type Correspondents, People } from '../members/people.js';
import { INVITATION_DAYS } from './invitation-limits.js';
import type { Inviter } from './audited-invitations.js';

/** Writes to whoever is invited. */
@Injectable()
export class InvitationPost {
  constructor(
    private readonly people: People,
    private readonly tenants: Tenants,
    private readonly mailer: Mailer,
    private readonly settings: Settings,
  ) {}

  /** Read before the change that the mail is about. */
  correspondents(emailNormal: string, inviter: Inviter): Promise<Correspondents> {
    return this.people.correspondents(emailNormal, inviter);
  }

  /** The link carries its token behind `#`, which no browser sends to any server. Raises `mail/not_configured` where no mail can be sent. */
  async send(tx: Tx, invitation: Invitation, token: string, { invited, inviterName }: Correspondents): Promise<void> {
    const { organisationId, email, locale, role } = invitation;
    const organisation = await this.tenants.findOrganisation(tx, organisationId);
    const link = `${publicUrl(this.settings)}/invitations/accept#token=${token}`;
    const recipient = { accountId: invited?.id ?? null, email, locale: invited?.locale ?? locale };
    const inviter = inviterName === null ? {} : { inviter: inviterName };
    await this.mailer.send(tx, 'invitation', recipient, {
      organisation: organisation?.name ?? '',
      role,
      link,
      days: INVITATION_DAYS,
      ...inviter,
    });
  }
}
