import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';

interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly signedAt: Date;
}

/** How far one destination is. */
export interface Publication {
  readonly destination: string;
  readonly size: number;
  readonly publishedAt: Date;
  /** Since when each attempt failed, and the code of the last failure; null while it works. */
  readonly failingSince: Date | null;
  readonly failure: string | null;
}

const COLUMNS = 'size, root, note, signed_at AS "signedAt"';

/** Signed checkpoints, the keys that signed them, and where they have been published to. */
@Injectable()
export class AuditCheckpointsRepository {
  async latest(tx: Tx): Promise<CheckpointRow | null> {
    return first(await tx.query(`SELECT ${COLUMNS} FROM audit_checkpoint ORDER BY size DESC LIMIT 1`));
  }

  async ofSize(tx: Tx, size: number): Promise<CheckpointRow | null> {
    return first(await tx.query(`SELECT ${COLUMNS} FROM audit_checkpoint WHERE size = $1`, [size]));
  }

  /** Checkpoints larger than `size`, smallest first. */
  async after(tx: Tx, size: number, limit: number): Promise<CheckpointRow[]> {
    const rows = await tx.query<RawRow[]>(`SELECT ${COLUMNS} FROM audit_checkpoint WHERE size > $1 ORDER BY size LIMIT $2`, [size, limit]);
    return rows.map(checkpointOf);
  }

  /** Keeps a checkpoint and the key that signed it. One that is there already stays as it is. */
  async keep(tx: Tx, { size, root, note, signedAt }: CheckpointRow, verifierKey: string): Promise<void> {
    await tx.query('INSERT INTO audit_log_key (verifier_key, first_used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      verifierKey,
      signedAt,
    ]);
    await tx.query('INSERT INTO audit_checkpoint (size, root, note, signed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
      size,
      root,
      note,
      signedAt,
    ]);
  }

  /** Verification keys, the newest first. */
  async keys(tx: Tx): Promise<{ verifierKey: string; firstUsedAt: Date }[]> {
    return tx.query('SELECT verifier_key AS "verifierKey", first_used_at AS "firstUsedAt" FROM audit_log_key ORDER BY first_used_at DESC');
  }

  async publications(tx: Tx): Promise<Publication[]> {
    const rows = await tx.query<(Omit<Publication, 'size'> & { size: string })[]>(
      `SELECT destination, size, published_at AS "publishedAt", failing_since AS "failingSince", failure FROM audit_publication`,
    );
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }

  /** The destination has the checkpoint of this size and all it was given before. */
  async published(tx: Tx, destination: string, size: number, at: Date): Promise<void> {
    await tx.query(
      `INSERT INTO audit_publication AS p (destination, size, published_at) VALUES ($1, $2, $3)
       ON CONFLICT (destination) DO UPDATE SET size = greatest(p.size, excluded.size), published_at = excluded.published_at,
         failing_since = NULL, failure = NULL`,
      [destination, size, at],
    );
  }

  async failed(tx: Tx, destination: string, failure: string, at: Date): Promise<void> {
    await tx.query(
      `INSERT INTO audit_publication AS p (destination, size, published_at, failing_since, failure) VALUES ($1, 0, 'epoch', $3, $2)
       ON CONFLICT (destination) DO UPDATE SET failing_since = coalesce(p.failing_since, excluded.failing_since), failure = excluded.failure`,
      [destination, failure, at],
    );
  }
}

type RawRow = Omit<CheckpointRow, 'size'> & { readonly size: string };

function first([row]: RawRow[]): CheckpointRow | null {
  return row ? checkpointOf(row) : null;
}

function checkpointOf(row: RawRow): CheckpointRow {
  return { ...row, size: Number(row.size) };
}
