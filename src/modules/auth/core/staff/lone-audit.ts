import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type AuditEntry, AuditLog } from '../../../audit/audit.contract.js';

/** Audit rows that have no change to share a transaction with: calls, and callers who were refused. */
@Injectable()
export class LoneAudit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** All of them or none. */
  record(entries: readonly AuditEntry[]): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      for (const entry of entries) await this.audit.record(tx, entry);
    });
  }
}
