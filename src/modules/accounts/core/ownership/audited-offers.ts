import { Injectable } from '@nestjs/common';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';

/** What the audit log says of ownership that changes hands. */
@Injectable()
export class AuditedOffers {
  constructor(private readonly audit: AuditLog) {}

  async record(
    tx: Tx,
    act: 'offered' | 'withdrawn' | 'declined' | 'transferred',
    {
      organisationId,
      fromAccountId,
      toAccountId,
    }: {
      readonly organisationId: OrganisationId;
      readonly fromAccountId: AccountId;
      readonly toAccountId: AccountId;
    },
    actorId: AccountId,
  ): Promise<void> {
    await this.audit.record(tx, {
      actor: { kind: 'account', id: actorId },
      action: `ownership.${act}`,
      organisationId,
      target: { type: 'organisation', id: organisationId },
      detail: { from: fromAccountId, to: toAccountId },
    });
  }
}
