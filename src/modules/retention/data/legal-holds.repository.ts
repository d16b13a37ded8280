import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, Not } from 'typeorm';
import type { CoveringHold, DeletionScope, LegalHoldId } from '../../../contracts/legal-holds.js';
import type { OperatorId, OrganisationId } from '../../../kernel/ids.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { LegalHoldEntity } from './legal-hold.entity.js';

/** How many rows of one table are kept aside for a hold. */
export interface HeldCount {
  readonly source: string;
  readonly rows: number;
}

/** Legal holds and what is kept aside for them. */
@Injectable()
export class LegalHoldsRepository {
  /** No deletion that asked before ends after it. Needs a system transaction. */
  async add(tx: Tx, hold: LegalHoldEntity): Promise<void> {
    await tx.insert(LegalHoldEntity, hold);
  }

  find(tx: Tx, id: LegalHoldId): Promise<LegalHoldEntity | null> {
    return tx.findOneBy(LegalHoldEntity, { id });
  }

  lock(tx: Tx, id: LegalHoldId): Promise<LegalHoldEntity | null> {
    return tx.findOne(LegalHoldEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Newest first; undefined: of every organisation the transaction may see, and of none. */
  list(
    tx: Tx,
    filter: { readonly organisationId?: OrganisationId | undefined; readonly before?: LegalHoldId | undefined },
    limit: number,
  ): Promise<LegalHoldEntity[]> {
    const { organisationId, before } = filter;
    const where: { readonly organisationId?: OrganisationId } = organisationId === undefined ? {} : { organisationId };
    return tx.find(LegalHoldEntity, newestFirst(where, before, limit));
  }

  async requestRelease(tx: Tx, id: LegalHoldId, by: OperatorId | null, at: Date | null): Promise<void> {
    await tx.update(LegalHoldEntity, { id }, { releaseRequestedBy: by, releaseRequestedAt: at });
  }

  async release(tx: Tx, id: LegalHoldId, by: OperatorId, at: Date): Promise<void> {
    await tx.update(LegalHoldEntity, { id }, { releasedBy: by, releasedAt: at });
  }

  async markEmptied(tx: Tx, id: LegalHoldId, at: Date): Promise<void> {
    await tx.update(LegalHoldEntity, { id }, { emptiedAt: at });
  }

  /** Released, with rows that were kept aside for them still there. */
  toEmpty(tx: Tx): Promise<LegalHoldEntity[]> {
    return tx.find(LegalHoldEntity, { where: { releasedAt: Not(IsNull()), emptiedAt: IsNull() }, order: { id: 'ASC' } });
  }

  /** Removes holds that were emptied before that moment; answers how many. */
  async forget(tx: Tx, emptiedBefore: Date): Promise<number> {
    return (await tx.delete(LegalHoldEntity, { emptiedAt: LessThan(emptiedBefore) })).affected ?? 0;
  }

  async heldRows(tx: Tx, id: LegalHoldId): Promise<HeldCount[]> {
    return tx.query('SELECT source, count(*)::float8 AS rows FROM held_row WHERE hold_id = $1 GROUP BY source ORDER BY source', [id]);
  }

  /** Holds in force that cover part of `scope`. Until the transaction ends no hold is placed. */
  async covering(tx: Tx, { dataClass, organisationId, accountId, fromMs, toMs }: DeletionScope): Promise<CoveringHold[]> {
    await tx.query('SELECT await_holds(false)');
    return tx.query(
      `SELECT id, matter FROM legal_hold
       WHERE released_at IS NULL AND ($1::text IS NULL OR $1 = ANY (data_classes))
         AND (organisation_id = $2 OR account_id = $3)
         AND (organisation_id IS NULL OR $2::uuid IS NULL OR organisation_id = $2) AND (account_id IS NULL OR $3::uuid IS NULL OR account_id = $3)
         AND (to_at IS NULL OR $4::timestamptz IS NULL OR to_at > $4) AND (from_at IS NULL OR $5::timestamptz IS NULL OR from_at < $5)
       ORDER BY id`,
      [dataClass ?? null, organisationId ?? null, accountId ?? null, momentOf(fromMs), momentOf(toMs)],
    );
  }

  /** Whether what a hold is to name is there: a wrong id would protect nothing. Needs a system transaction. */
  async exists(tx: Tx, what: 'organisation' | 'account', id: string): Promise<boolean> {
    const [row] = await tx.query<unknown[]>(`SELECT 1 FROM ${what} WHERE id = $1`, [id]);
    return row !== undefined;
  }
}

function momentOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}
