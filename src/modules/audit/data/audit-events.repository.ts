import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { AuditEventEntity, type AuditEventId } from './audit-event.entity.js';

export interface AuditEventFilter {
  /** Null: of the installation itself. Undefined: of that and of every organisation the transaction may see. */
  readonly organisationId: OrganisationId | null | undefined;
  readonly action: string | undefined;
  readonly targetType: string | undefined;
  readonly targetId: string | undefined;
  /** Days before this one are over, even where their partition still stands. `YYYY-MM-DD` UTC. */
  readonly notExpiredBefore: string;
  /** Only events older than this one. */
  readonly before: AuditEventId | undefined;
}

/** The rows of the audit log: appended and read, never changed. */
@Injectable()
export class AuditEventsRepository {
  /** The one place where audit rows are written. */
  async append(tx: Tx, event: AuditEventEntity): Promise<void> {
    await ensureDayPartition(tx, 'audit_event', event.expiresOn);
    await tx.insert(AuditEventEntity, event);
  }

  /** Events newest first, at most `limit`. */
  list(tx: Tx, filter: AuditEventFilter, limit: number): Promise<AuditEventEntity[]> {
    const query = tx
      .createQueryBuilder(AuditEventEntity, 'event')
      .where('event.expiresOn >= :notExpiredBefore', filter)
      .orderBy('event.id', 'DESC')
      .limit(limit);
    if (filter.organisationId === null) query.andWhere('event.organisationId IS NULL');
    else if (filter.organisationId !== undefined) query.andWhere('event.organisationId = :organisationId', filter);
    if (filter.action !== undefined) query.andWhere('event.action = :action', filter);
    if (filter.targetType !== undefined) query.andWhere('event.targetType = :targetType', filter);
    if (filter.targetId !== undefined) query.andWhere('event.targetId = :targetId', filter);
    if (filter.before !== undefined) query.andWhere('event.id < :before', filter);
    return query.getMany();
  }
}
