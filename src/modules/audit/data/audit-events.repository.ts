import { Injectable } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import type { OrganisationId } from '../../../kernel/ids.js';
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

/** SQLSTATEs of a partition that somebody else made a moment before: duplicate_table, unique_violation on the catalogue. */
const MADE_MEANWHILE = new Set(['42P07', '23505']);

/** The rows of the audit log: appended and read, never changed. */
@Injectable()
export class AuditEventsRepository {
  /**
   * The one place where audit rows are written. Should the worker, which makes partitions ahead, have been away so long that the day
   * has none, it is made in the caller's own transaction: the change and its audit row still commit together or not at all.
   */
  async append(tx: Tx, event: AuditEventEntity): Promise<void> {
    if (!(await hasPartition(tx, event.expiresOn))) await makePartition(tx, event.expiresOn);
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

async function hasPartition(tx: Tx, day: string): Promise<boolean> {
  const partition = `public.audit_event_p${day.replaceAll('-', '')}`;
  const [row] = await tx.query<{ found: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS found', [partition]);
  return row?.found === true;
}

/** Making partitions is lent to the system role only, so the transaction takes that role for one statement and then its own again. */
async function makePartition(tx: Tx, day: string): Promise<void> {
  const [before] = await tx.query<{ role: string }[]>(`SELECT current_setting('role') AS role`);
  await tx.query('SAVEPOINT audit_partition');
  try {
    await tx.query('SET LOCAL ROLE lethe_system');
    await tx.query(`SELECT create_expiry_partition('audit_event', $1)`, [day]);
    await tx.query(`SELECT set_config('role', $1, true)`, [before?.role ?? 'lethe_app']);
    await tx.query('RELEASE SAVEPOINT audit_partition');
  } catch (error) {
    if (!wasMadeMeanwhile(error)) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT audit_partition');
  }
}

function wasMadeMeanwhile(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { code?: unknown };
  return typeof code === 'string' && MADE_MEANWHILE.has(code);
}
