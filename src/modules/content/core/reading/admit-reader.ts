import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentRow } from '../../data/content-rows.js';
import { ContentPolicies } from '../gate/content-policies.js';
import type { ReadingPurpose } from './reading-purposes.js';

/** Lets a reader in who may say what they say, and writes it into the organisation's audit log (C7). */
@Injectable()
export class AdmitReader {
  constructor(
    private readonly policies: ContentPolicies,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `content/grant_required` for staff who name a customer's leave that nobody gave. */
  async run(tx: Tx, reader: Principal, purpose: ReadingPurpose, row: ContentRow): Promise<void> {
    if (reader.kind === 'operator' && purpose === 'customer_authorised_troubleshooting') this.requireGrant(row);
    await this.audit.record(tx, {
      actor: reader,
      action: 'content.read',
      organisationId: row.organisationId,
      target: { type: 'call', id: row.callId },
      detail: { purpose, store: row.store, grantId: row.grantId },
    });
  }

  /** Members read what is theirs. Staff who say that the customer asked them to have to be able to point at where. */
  private requireGrant({ organisationId, projectId, keyId, grantId }: ContentRow): void {
    const nowMs = this.clock.nowMs();
    const open = this.policies.grantsOf(organisationId).filter(({ endsAtMs }) => endsAtMs > nowMs);
    const covers = open.some(
      ({ id, scopeId }) => id === grantId || scopeId === organisationId || scopeId === projectId || scopeId === keyId,
    );
    if (!covers) throw contentErrors.grant_required();
  }
}
