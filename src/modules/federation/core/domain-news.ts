import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { Notices, OrganisationMail } from '../../notifications/notifications.contract.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';

/** Those who can put a record back. */
const READERS = ['owner', 'admin'] as const;

/** Tells an organisation what has become of a domain of its own: a notice, a webhook event, and a mail to each owner and admin. */
@Injectable()
export class DomainNews {
  constructor(
    private readonly notices: Notices,
    private readonly mail: OrganisationMail,
  ) {}

  /** The domain keeps its effect `until` then. */
  async missing(tx: Tx, { id: domainId, organisationId, domain }: CapturedDomainRow, until: string): Promise<void> {
    await this.notices.tellOrganisation(tx, organisationId, 'domain_record_missing', { domainId, until });
    await this.mail.send(tx, 'domain_record_missing', { organisationId, roles: READERS }, { domain, until });
  }

  async lost(tx: Tx, { id: domainId, organisationId, domain }: CapturedDomainRow): Promise<void> {
    await this.notices.tellOrganisation(tx, organisationId, 'domain_lost', { domainId });
    await this.mail.send(tx, 'domain_lost', { organisationId, roles: READERS }, { domain });
  }
}
