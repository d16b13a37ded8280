import { Injectable } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** SQLSTATEs of a partition that another process made a moment before: duplicate_table, unique_violation on the catalogue. */
const MADE_MEANWHILE = new Set(['42P07', '23505']);
const LOCK_NOT_AVAILABLE = '55P03';

/** A partition of an expiring table, by the UTC day its rows expire on. */
export interface Partition {
  readonly name: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
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
   * Makes the partitions of these days in one go, or none of them: when the table is too busy to lock right now, or another process is
   * making them. Answers how many. Give it few days at a time: nobody writes to the table meanwhile.
   */
  async create(table: string, days: readonly string[]): Promise<number> {
    const sql = 'SELECT count(*)::int AS made FROM unnest($2::date[]) AS day WHERE create_expiry_partition($1, day)';
    try {
      const [row] = await this.briefly((tx) => tx.query<{ made: number }[]>(sql, [table, days]));
      return row?.made ?? 0;
    } catch (error) {
      const state = sqlStateOf(error);
      if (state === LOCK_NOT_AVAILABLE || MADE_MEANWHILE.has(state)) return 0;
      throw error;
    }
  }

  /** Drops all partitions up to and including `day`, and answers the names of those that let themselves be locked. */
  async dropThrough(table: string, day: string): Promise<string[]> {
    const rows = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ name: string }[]>('SELECT name FROM drop_expired_partitions($1, $2::date + 1) AS name', [table, day]),
    );
    return rows.map((row) => row.name);
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

function sqlStateOf(error: unknown): string {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
