import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import type { BreakGlassId, OperatorId, OrganisationId } from '../../../kernel/ids.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { BreakGlassGrantEntity } from './break-glass-grant.entity.js';

/** Which grants to list. */
export interface GrantFilter {
  readonly organisationId?: OrganisationId | undefined;
  readonly before?: BreakGlassId | undefined;
}

/** Break-glass grants. An organisation's transaction reads its own; only the system role writes them (A3). */
@Injectable()
export class BreakGlassGrantsRepository {
  async insert(tx: Tx, grant: BreakGlassGrantEntity): Promise<void> {
    await tx.insert(BreakGlassGrantEntity, grant);
  }

  /** The grants an operator has open at a moment. */
  openOf(tx: Tx, operatorId: OperatorId, at: Date): Promise<BreakGlassGrantEntity[]> {
    return tx.findBy(BreakGlassGrantEntity, { operatorId, closedAt: IsNull(), endsAt: MoreThan(at) });
  }

  /** The row, locked until the transaction ends. */
  lock(tx: Tx, id: BreakGlassId): Promise<BreakGlassGrantEntity | null> {
    return tx.findOne(BreakGlassGrantEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Those whose time is up and which nobody has written down as closed, locked; what another worker holds is left to it. */
  lockOverdue(tx: Tx, at: Date, limit: number): Promise<BreakGlassGrantEntity[]> {
    return tx.find(BreakGlassGrantEntity, {
      where: { closedAt: IsNull(), endsAt: LessThanOrEqual(at) },
      order: { id: 'ASC' },
      take: limit,
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
  }

  async close(tx: Tx, id: BreakGlassId, closedAt: Date, closedBy: OperatorId | null): Promise<void> {
    await tx.update(BreakGlassGrantEntity, { id }, { closedAt, closedBy });
  }

  /** Newest first, at most `limit`. */
  list(tx: Tx, { organisationId, before }: GrantFilter, limit: number): Promise<BreakGlassGrantEntity[]> {
    const where: { readonly organisationId?: OrganisationId } = organisationId === undefined ? {} : { organisationId };
    return tx.find(BreakGlassGrantEntity, newestFirst(where, before, limit));
  }
}
