import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AccountSummary } from '../../accounts/accounts.contract.js';
import { type AuditEntry, AuditLog } from '../../audit/audit.contract.js';
import { Mailer } from '../../notifications/notifications.contract.js';

/** Writes what happens to identities into the audit log, and tells the owner of an account when one more opens it. */
@Injectable()
export class IdentityEvents {
  constructor(
    private readonly audit: AuditLog,
    private readonly mailer: Mailer,
  ) {}

  record(tx: Tx, entry: AuditEntry): Promise<void> {
    return this.audit.record(tx, entry);
  }

  async tellLinked(tx: Tx, { id: accountId, email, emailVerified, locale }: AccountSummary, provider: string): Promise<void> {
    if (email !== null && emailVerified) await this.mailer.send(tx, 'identity_linked', { accountId, email, locale }, { provider });
  }
}
