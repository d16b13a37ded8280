import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Notices, OrganisationMail } from '../../../notifications/notifications.contract.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';

/** Tells an organisation at once that its data stands open to staff: a notice, a webhook event, and a mail to each owner. */
@Injectable()
export class TellOrganisation {
  constructor(
    private readonly notices: Notices,
    private readonly mail: OrganisationMail,
  ) {}

  /** In the transaction that opens the grant: without it nobody is told, and without telling nothing is opened. */
  async run(tx: Tx, { id, organisationId, reason, endsAt }: BreakGlassGrantEntity): Promise<void> {
    const until = endsAt.toISOString();
    await this.notices.tellOrganisation(tx, organisationId, 'break_glass_opened', { grantId: id, reason, until });
    await this.mail.send(tx, 'break_glass_opened', { organisationId, roles: ['owner'] }, { reason, until });
  }
}
