import { Injectable } from '@nestjs/common';
import type { RecordedErasure } from '../../../contracts/erasure-ledger.js';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

export interface ErasureRow extends RecordedErasure {
  /** The last day it is kept, `YYYY-MM-DD` UTC. */
  readonly expiresOn: string;
}

/** The ledger's rows: appended, marked as copied, and gone with their day. */
@Injectable()
export class ErasuresRepository {
  async append(tx: Tx, { id, expiresOn, kind, subjectId, detail, recordedAt }: ErasureRow): Promise<void> {
    await ensureDayPartition(tx, 'erasure', expiresOn);
    await tx.query('INSERT INTO erasure (id, expires_on, kind, subject_id, detail, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)', [
      id,
      expiresOn,
      kind,
      subjectId,
      JSON.stringify(detail),
      recordedAt,
    ]);
  }

  /** The oldest that are in the database alone. */
  async notCopied(tx: Tx, limit: number): Promise<ErasureRow[]> {
    return tx.query(
      `SELECT id, to_char(expires_on, 'YYYY-MM-DD') AS "expiresOn", kind, subject_id AS "subjectId", detail, recorded_at AS "recordedAt"
       FROM erasure WHERE copied_as IS NULL ORDER BY id LIMIT $1`,
      [limit],
    );
  }

  async copied(tx: Tx, ids: readonly string[], copiedAs: string): Promise<void> {
    await tx.query('UPDATE erasure SET copied_as = $2 WHERE id = ANY ($1::uuid[])', [ids, copiedAs]);
  }

  /** Which of these this database has. */
  async known(tx: Tx, ids: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ id: string }[]>('SELECT id FROM erasure WHERE id = ANY ($1::uuid[])', [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Objects of the blob store whose records are all here: they are noted together, once all are. */
  async copies(tx: Tx): Promise<Set<string>> {
    const rows = await tx.query<{ name: string }[]>('SELECT DISTINCT copied_as AS name FROM erasure WHERE copied_as IS NOT NULL');
    return new Set(rows.map(({ name }) => name));
  }
}
