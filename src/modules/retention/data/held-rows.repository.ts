import { Injectable } from '@nestjs/common';
import type { LegalHoldId } from '../../../contracts/legal-holds.js';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** A row that was due while a hold covered it. */
export interface HeldRow {
  readonly table: string;
  /** SHA-256 of what is kept, in hex. */
  readonly digest: string;
  readonly dataClass: string;
  readonly organisationId: OrganisationId | null;
  readonly accountId: AccountId | null;
  /** Null where no column says so. */
  readonly writtenAt: Date | null;
  /** When it was kept aside, by the database's clock. */
  readonly movedAt: Date;
  readonly kept: Readonly<Record<string, unknown>>;
}

/** The place after a row, in the order of table and digest. */
export type HeldRowPosition = Pick<HeldRow, 'table' | 'digest'>;

export interface HeldRowFilter {
  readonly holdId: LegalHoldId;
  readonly organisationId: OrganisationId | undefined;
  readonly table: string | undefined;
  readonly after: HeldRowPosition | undefined;
}

/** Rows that legal holds keep. Needs a system transaction: in an organisation's it is refused (A3). */
@Injectable()
export class HeldRowsRepository {
  list(tx: Tx, { holdId, organisationId, table, after }: HeldRowFilter, limit: number): Promise<HeldRow[]> {
    return tx.query(
      `SELECT source AS "table", encode(digest, 'hex') AS digest, data_class AS "dataClass", organisation_id AS "organisationId",
         account_id AS "accountId", written_at AS "writtenAt", moved_at AS "movedAt", kept
       FROM held_row
       WHERE hold_id = $1 AND ($2::uuid IS NULL OR organisation_id = $2) AND ($3::text IS NULL OR source = $3)
         AND ($4::text IS NULL OR (source, digest) > ($4, $5::bytea))
       ORDER BY source, digest LIMIT $6`,
      [holdId, organisationId ?? null, table ?? null, after?.table ?? null, after ? Buffer.from(after.digest, 'hex') : null, limit],
    );
  }
}
