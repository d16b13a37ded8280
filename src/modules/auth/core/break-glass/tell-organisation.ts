import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Mailer, Notices } from '../../../notifications/notifications.contract.js';
import type { OrganisationSummary } from '../../../tenants/tenants.contract.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { Recipients } from '../recipients.js';

/** Tells an organisation at once that its data stands open to staff: a notice, a webhook event, and a mail to each owner. */
@Injectable()
export class TellOrganisation {
  constructor(
    private readonly notices: Notices,
    private readonly mailer: Mailer,
    private readonly recipients: Recipients,
  ) {}

  /** In the transaction that opens the grant: without it nobody is told, and without telling nothing is opened. */
  async run(tx: Tx, organisation: OrganisationSummary, { id, reason, endsAt }: BreakGlassGrantEntity): Promise<void> {
    const until = endsAt.toISOString();
    await this.notices.tellOrganisation(tx, organisation.id, 'break_glass_opened', { grantId: id, reason, until });
    for (const owner of await this.recipients.withRoles(tx, organisation.id, ['owner'])) {
      await this.mailer.send(tx, 'break_glass_opened', owner, { organisation: organisation.name, reason, until });
    }
  }
}
