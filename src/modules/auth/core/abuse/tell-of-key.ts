import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Mailer, Notices } from '../../../notifications/notifications.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { ApiKeySummary, BlockReason } from '../../auth.contract.js';
import { Recipients } from '../recipients.js';

/** Tells an organisation what has become of a key, and why: a notice, a webhook event, and a mail to each owner and admin. */
@Injectable()
export class TellOfKey {
  constructor(
    private readonly notices: Notices,
    private readonly mailer: Mailer,
    private readonly recipients: Recipients,
    private readonly tenants: Tenants,
  ) {}

  /** In the transaction that changes the key, which must be a system one. */
  async run(tx: Tx, kind: 'key_blocked' | 'key_suspected', key: ApiKeySummary, reason: BlockReason): Promise<void> {
    const { id: keyId, organisationId, name } = key;
    await this.notices.tellOrganisation(tx, organisationId, kind, { keyId, reason });
    const organisation = (await this.tenants.findOrganisation(tx, organisationId))?.name ?? '';
    for (const recipient of await this.recipients.withRoles(tx, organisationId, ['owner', 'admin'])) {
      await this.mailer.send(tx, kind, recipient, { organisation, key: name, reason });
    }
  }
}
