import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { assert } from '../../../kernel/assert.js';
import { Clock, utcDayAfter } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditEntry, AuditLog } from '../audit.contract.js';
import { AuditEventsRepository } from '../data/audit-events.repository.js';

/** Longer text would be a person's words or content, and an audit row outlives both (peers 34). */
const LONGEST_VALUE = 200;

/** Writes the entry as a row of the caller's transaction: it exists exactly when the change does (O6). */
@Injectable()
export class CommittedAuditLog extends AuditLog {
  constructor(
    private readonly events: AuditEventsRepository,
    private readonly clock: Clock,
    private readonly windows: RetentionWindows,
  ) {
    super();
  }

  override async record(tx: Tx, entry: AuditEntry): Promise<void> {
    const detail = entry.detail ?? {};
    assert(Object.values(detail).flat().every(isShort), `an audit entry carries ids, enums and numbers (${entry.action})`);
    const nowMs = this.clock.nowMs();
    await this.events.append(tx, {
      id: newId(),
      expiresOn: utcDayAfter(nowMs, this.windows.days('audit_log', entry.organisationId)),
      occurredAt: new Date(nowMs),
      organisationId: entry.organisationId,
      actorKind: entry.actor.kind,
      actorId: entry.actor.id,
      action: entry.action,
      targetType: entry.target.type,
      targetId: entry.target.id,
      detail,
    });
  }
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_VALUE;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
