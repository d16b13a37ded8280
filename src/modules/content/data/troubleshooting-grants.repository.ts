import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import type { OrganisationId, TroubleshootingGrantId } from '../../../kernel/ids.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { TroubleshootingGrantEntity, type TroubleshootingGrantRow } from './troubleshooting-grant.entity.js';

/** Rows of `troubleshooting_grant`. */
@Injectable()
export class TroubleshootingGrantsRepository {
  async insert(tx: Tx, grant: TroubleshootingGrantRow): Promise<void> {
    await tx.insert(TroubleshootingGrantEntity, grant);
  }

  /** Newest first. */
  list(
    tx: Tx,
    organisationId: OrganisationId,
    before: TroubleshootingGrantId | undefined,
    limit: number,
  ): Promise<TroubleshootingGrantRow[]> {
    return tx.find(TroubleshootingGrantEntity, newestFirst({ organisationId }, before, limit));
  }

  countOpen(tx: Tx, organisationId: OrganisationId, at: Date): Promise<number> {
    return tx.countBy(TroubleshootingGrantEntity, { organisationId, closedAt: IsNull(), endsAt: MoreThan(at) });
  }

  /** Kept from change until the transaction ends. */
  lock(tx: Tx, organisationId: OrganisationId, id: TroubleshootingGrantId): Promise<TroubleshootingGrantRow | null> {
    return tx.findOne(TroubleshootingGrantEntity, { where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** False when it was closed already. */
  async close(tx: Tx, id: TroubleshootingGrantId, closedAt: Date): Promise<boolean> {
    return (await tx.update(TroubleshootingGrantEntity, { id, closedAt: IsNull() }, { closedAt })).affected === 1;
  }

  /** Those of all tenants whose end has come and is not written down. In a system transaction. */
  overdue(tx: Tx, at: Date, limit: number): Promise<TroubleshootingGrantRow[]> {
    const where = { closedAt: IsNull(), endsAt: LessThanOrEqual(at) };
    return tx.find(TroubleshootingGrantEntity, { where, order: { endsAt: 'ASC' }, take: limit });
  }

  /** Those of all tenants that are not closed: for memory, in a system transaction. */
  notClosed(tx: Tx): Promise<TroubleshootingGrantRow[]> {
    return tx.findBy(TroubleshootingGrantEntity, { closedAt: IsNull() });
  }
}
