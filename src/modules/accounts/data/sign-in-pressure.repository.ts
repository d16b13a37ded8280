import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** How much was tried in one bucket, and when last. */
export interface Pressure {
  readonly level: number;
  readonly changedAt: Date;
}

/** Counters that all replicas share. Only the system role reaches them (A3). */
@Injectable()
export class SignInPressureRepository {
  /** The counter, locked until the transaction ends; made when it is the bucket's first. */
  async lock(tx: Tx, kind: string, bucket: number, now: Date): Promise<Pressure> {
    await tx.query(`INSERT INTO sign_in_pressure (kind, bucket, level, changed_at) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING`, [
      kind,
      bucket,
      now,
    ]);
    const [row] = await tx.query<Pressure[]>(
      `SELECT level, changed_at AS "changedAt" FROM sign_in_pressure WHERE kind = $1 AND bucket = $2 FOR UPDATE`,
      [kind, bucket],
    );
    return row ?? { level: 0, changedAt: now };
  }

  async set(tx: Tx, kind: string, bucket: number, { level, changedAt }: Pressure): Promise<void> {
    await tx.query('UPDATE sign_in_pressure SET level = $3, changed_at = $4 WHERE kind = $1 AND bucket = $2', [
      kind,
      bucket,
      level,
      changedAt,
    ]);
  }

  /** Takes `amount` off a counter. */
  async relieve(tx: Tx, kind: string, bucket: number, amount: number): Promise<void> {
    await tx.query('UPDATE sign_in_pressure SET level = greatest(0, level - $3) WHERE kind = $1 AND bucket = $2', [kind, bucket, amount]);
  }
}
