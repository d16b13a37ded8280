import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { BackupHeader, BackupId } from '../core/archive/backup-header.js';

/** A backup as the catalogue has it. */
export interface CatalogueRow {
  readonly id: BackupId;
  readonly kind: BackupClass;
  readonly state: 'running' | 'complete' | 'failed' | 'deleted';
  readonly takenAt: Date;
  readonly expiresAt: Date;
  readonly rows: number | null;
  readonly bytes: number | null;
  /** Code of the error that ended it. */
  readonly failure: string | null;
  readonly verifiedAt: Date | null;
  readonly sound: boolean | null;
}

const COLUMNS = `id, kind, state, taken_at AS "takenAt", expires_at AS "expiresAt", row_count::float8 AS rows, bytes::float8 AS bytes, failure,
  verified_at AS "verifiedAt", sound`;

/** What became of each backup. The blob store is the authority on which there are. */
@Injectable()
export class BackupsRepository {
  async begin(tx: Tx, { id, kind, takenAt, expiresAt }: BackupHeader): Promise<void> {
    await tx.query(`INSERT INTO backup (id, kind, state, taken_at, expires_at) VALUES ($1, $2, 'running', $3, $4)`, [
      id,
      kind,
      takenAt,
      expiresAt,
    ]);
  }

  /** Also for one the catalogue did not know: of a time after the backup this database was restored from. */
  async complete(tx: Tx, header: BackupHeader, size: { readonly rows: number; readonly bytes: number } | null): Promise<void> {
    const { id, kind, takenAt, expiresAt } = header;
    await tx.query(
      `INSERT INTO backup AS b (id, kind, state, taken_at, expires_at, row_count, bytes) VALUES ($1, $2, 'complete', $3, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE SET state = 'complete', taken_at = $3, expires_at = $4, failure = NULL,
         row_count = coalesce($5, b.row_count), bytes = coalesce($6, b.bytes)`,
      [id, kind, takenAt, expiresAt, size?.rows ?? null, size?.bytes ?? null],
    );
  }

  async failed(tx: Tx, id: BackupId, failure: string): Promise<void> {
    await tx.query(`UPDATE backup SET state = 'failed', failure = $2 WHERE id = $1`, [id, failure]);
  }

  /** Gone from the store, by our doing or, with a failure, by somebody else's. */
  async deleted(tx: Tx, { id, kind, takenAt, expiresAt }: BackupHeader, at: Date, failure: string | null): Promise<void> {
    await tx.query(
      `INSERT INTO backup (id, kind, state, taken_at, expires_at, deleted_at, failure) VALUES ($1, $2, 'deleted', $3, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE SET state = 'deleted', deleted_at = $5, failure = $6`,
      [id, kind, takenAt, expiresAt, at, failure],
    );
  }

  async verified(tx: Tx, id: BackupId, at: Date, sound: boolean): Promise<void> {
    await tx.query('UPDATE backup SET verified_at = $2, sound = $3 WHERE id = $1', [id, at, sound]);
  }

  async inState(tx: Tx, state: CatalogueRow['state']): Promise<CatalogueRow[]> {
    return tx.query(`SELECT ${COLUMNS} FROM backup WHERE state = $1 ORDER BY taken_at`, [state]);
  }

  /** `before` leaves out those of a time that has not come yet; `sound` all that no test restore has found whole. */
  async newest(tx: Tx, kind: BackupClass, before: Date, { sound = false } = {}): Promise<CatalogueRow | null> {
    const [row] = await tx.query<CatalogueRow[]>(
      `SELECT ${COLUMNS} FROM backup WHERE state = 'complete' AND kind = $1 AND taken_at <= $2 AND (sound OR NOT $3)
       ORDER BY taken_at DESC LIMIT 1`,
      [kind, before, sound],
    );
    return row ?? null;
  }

  /** When a test restore last came to an end, whatever it found. */
  async lastVerified(tx: Tx): Promise<Date | null> {
    const [row] = await tx.query<{ at: Date | null }[]>('SELECT max(verified_at) AS at FROM backup');
    return row?.at ?? null;
  }
}
