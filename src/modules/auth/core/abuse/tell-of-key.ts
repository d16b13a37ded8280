import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Notices, OrganisationMail } from '../../../notifications/notifications.contract.js';
import type { ApiKeySummary, BlockReason } from '../../auth.contract.js';

/** Tells an organisation what has become of a key, and why: a notice, a webhook event, and a mail to each owner and admin. */
@Injectable()
export class TellOfKey {
  constructor(
    private readonly notices: Notices,
    private readonly mail: OrganisationMail,
  ) {}

  /** In the transaction that changes the key, which must be a system one. */
  async run(tx: Tx, kind: 'key_blocked' | 'key_suspected', key: ApiKeySummary, reason: BlockReason): Promise<void> {
    const { id: keyId, organisationId, name } = key;
    await this.notices.tellOrganisation(tx, organisationId, kind, { keyId, reason });
    await this.mail.send(tx, kind, { organisationId, roles: ['owner', 'admin'] }, { key: name, reason });
  }
}
