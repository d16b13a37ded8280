import { Injectable } from '@nestjs/common';
import { errorCode } from '../../../kernel/errors.js';
import { LOCK_NOT_AVAILABLE } from '../../../platform/database/sql-states.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** Rows copied for legal holds in one transaction. */
const HELD_BATCH = 5_000;

/** A partition of an expiring table, by the UTC day its rows expire on. */
export interface Partition {
  readonly name: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
}

/** What is in a partition, or was. */
export interface MeasuredPartition {
  readonly rows: number;
  /** Counted, or else estimated from the first pages. */
  readonly rowsExact: boolean;
  /** Indexes and long values included. */
  readonly bytes: number;
  /** Rows copied for legal holds in the transaction that dropped it, or that would be. */
  readonly held: number;
}

export interface DroppedPartition extends MeasuredPartition {
  readonly name: string;
}

/** What one call of {@link Partitions.refile} files anew. */
export interface Refiling {
  readonly table: string;
  readonly day: string;
  /** Null: everybody's. */
  readonly organisationId: string | null;
  readonly days: number;
  /** `YYYY-MM-DD`. */
  readonly today: string;
  /** Rows written after it are left alone. */
  readonly settledBefore: Date;
}

/**
 * Partitions as Postgres has them. Making and dropping them takes the whole table's exclusive lock: it is asked for with a
 * time-out and held for a short transaction of catalogue changes, never while waiting for another lock (peers 19).
 */
@Injectable()
export class Partitions {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Partitions by expiry day, oldest first. A table without a row-expiry partition of its own name pattern has none. */
  list(table: string): Promise<Partition[]> {
    return this.unitOfWork.asSystem((tx) =>
      tx.query<Partition[]>(
        `SELECT child.relname AS name, to_char(to_date(right(child.relname, 8), 'YYYYMMDD'), 'YYYY-MM-DD') AS day
         FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
         WHERE inhparent = $1::regclass AND child.relname ~ ('^' || $2 || '_p[0-9]{8}$')
         ORDER BY child.relname`,
        [table, table],
      ),
    );
  }

  /**
   * Makes the partitions of these days in one go, or none of them when the table is too busy to lock right now. Answers how many it made, of
   * which those are none that another process made meanwhile. Give it few days at a time: nobody writes to the table meanwhile.
   */
  async create(table: string, days: readonly string[]): Promise<number> {
    const sql = 'SELECT count(*)::int AS made FROM unnest($2::date[]) AS day WHERE create_expiry_partition($1, day)';
    try {
      const [row] = await this.briefly((tx) => tx.query<{ made: number }[]>(sql, [table, days]));
      return row?.made ?? 0;
    } catch (error) {
      if (errorCode(error) === LOCK_NOT_AVAILABLE) return 0;
      throw error;
    }
  }

  /** Whether any legal hold is in force. */
  async anyHold(): Promise<boolean> {
    const sql = 'SELECT EXISTS (SELECT FROM legal_hold WHERE released_at IS NULL) AS any';
    const [row] = await this.unitOfWork.asSystem((tx) => tx.query<{ any: boolean }[]>(sql));
    return row?.any === true;
  }

  /**
   * Copies rows that a legal hold covers, a bounded number, and answers how many: call it until there are none left. What is added until the day
   * is dropped is copied by {@link dropThrough}.
   */
  copyHeld(table: string, day: string, noting: (tx: Tx, held: number) => Promise<void>): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      const [row] = await tx.query<{ copied: string }[]>('SELECT copy_held_rows($1, $2, $3) AS copied', [table, day, HELD_BATCH]);
      const copied = Number(row?.copied);
      if (copied > 0) await noting(tx, copied);
      return copied;
    });
  }

  /**
   * Drops all partitions up to and including `day` that let themselves be locked, and hands what was in them to `noting`, which writes in the same
   * transaction. Nothing is dropped when that has to wait for long.
   */
  async dropThrough(
    table: string,
    day: string,
    noting: (tx: Tx, dropped: readonly DroppedPartition[]) => Promise<void>,
  ): Promise<DroppedPartition[]> {
    try {
      return await this.briefly(async (tx) => {
        const dropped = await tx.query<DroppedPartition[]>(
          `SELECT name, rows::float8 AS rows, rows_exact AS "rowsExact", bytes::float8 AS bytes, held::float8 AS held
           FROM drop_expired_partitions($1, $2::date + 1)`,
          [table, day],
        );
        if (dropped.length > 0) await noting(tx, dropped);
        return dropped;
      });
    } catch (error) {
      if (errorCode(error) === LOCK_NOT_AVAILABLE) return [];
      throw error;
    }
  }

  /** Files rows of one partition under earlier days, at most `most`, and answers how many; null when the table is too busy to make a day for them. */
  async refile(
    { table, day, organisationId, days, today, settledBefore }: Refiling,
    most: number,
    noting: (tx: Tx, rows: number) => Promise<void>,
  ): Promise<number | null> {
    const values = [table, day, organisationId, days, today, settledBefore, most];
    try {
      return await this.unitOfWork.asSystem(async (tx) => {
        const [row] = await tx.query<{ moved: string }[]>('SELECT refile_rows($1, $2, $3, $4, $5, $6, $7) AS moved', values);
        const moved = Number(row?.moved);
        if (moved > 0) await noting(tx, moved);
        return moved;
      });
    } catch (error) {
      if (errorCode(error) === LOCK_NOT_AVAILABLE) return null;
      throw error;
    }
  }

  /** How much is in a partition, and how many copies of its rows holds in force would keep. Of a large one the rows are an estimate. */
  async measure(table: string, { name, day }: Partition): Promise<MeasuredPartition> {
    const [row] = await this.unitOfWork.asSystem((tx) =>
      tx.query<MeasuredPartition[]>(
        `SELECT rows::float8 AS rows, rows_exact AS "rowsExact", bytes::float8 AS bytes, count_held_rows($2, $3)::float8 AS held
         FROM measure_partition(quote_ident($1)::regclass)`,
        [name, table, day],
      ),
    );
    return row ?? { rows: 0, rowsExact: true, bytes: 0, held: 0 };
  }

  /** How far the database's clock is ahead of `nowMs`, milliseconds; negative when it is behind. */
  async clockLeadMs(nowMs: number): Promise<number> {
    const [row] = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ ms: string }[]>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS ms'),
    );
    return Number(row?.ms) - nowMs;
  }

  private briefly<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.unitOfWork.asSystem(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '200ms'`);
      return work(tx);
    });
  }
}
