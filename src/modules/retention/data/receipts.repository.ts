import { Injectable } from '@nestjs/common';
import type { DataClass } from '../../../contracts/data-classes.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import './retention.inventory.js';

/**
 * `purged`: expired partitions dropped; `refiled`: moved to an earlier day; `swept`: deleted by its owner; `released`: what a hold had kept; `observed`:
 * what a store that lets go by itself still had.
 */
export const RETENTION_ACTIONS = ['purged', 'refiled', 'swept', 'released', 'observed'] as const;

export type RetentionAction = (typeof RETENTION_ACTIONS)[number];

/** What a run, or a step of one, did to one store. */
export interface Removal {
  readonly store: string;
  readonly action: RetentionAction;
  readonly dataClass: DataClass;
  /** What expired before this moment is gone. */
  readonly cutOff: Date;
  readonly partitions: number;
  readonly rows: number;
  /** Whether the rows were counted, or estimated from the size of what was dropped. */
  readonly rowsExact: boolean;
  /** Null where nobody knows without looking. */
  readonly bytes: number | null;
  /** Rows kept aside for legal holds. */
  readonly held: number;
  readonly beganAt: Date;
}

export interface Receipt extends Removal {
  readonly id: string;
  /** The last day it is kept, `YYYY-MM-DD` UTC. */
  readonly expiresOn: string;
  readonly durationMs: number;
  /** When the oldest row left was written; null when there is none, or nothing says so. */
  readonly oldestWrittenAt: Date | null;
  /** How much is left; null where nobody counts it. */
  readonly remaining: number | null;
}

export interface ReceiptFilter {
  readonly store: string | undefined;
  readonly before: string | undefined;
  readonly notExpiredBefore: string;
}

const REMOVAL = `store, action, data_class AS "dataClass", cut_off AS "cutOff", partitions, rows::float8 AS rows, rows_exact AS "rowsExact",
  bytes::float8 AS bytes, held::float8 AS held, began_at AS "beganAt"`;

/** Receipts, and what has none yet. Needs a system transaction. */
@Injectable()
export class ReceiptsRepository {
  /** Adds what a step did to what its run has done so far. */
  async addProgress(tx: Tx, step: Removal): Promise<void> {
    await tx.query(
      `INSERT INTO retention_progress AS p (store, action, data_class, cut_off, partitions, rows, rows_exact, bytes, held, began_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (store, action) DO UPDATE SET cut_off = greatest(p.cut_off, excluded.cut_off), partitions = p.partitions + excluded.partitions,
         rows = p.rows + excluded.rows, rows_exact = p.rows_exact AND excluded.rows_exact, bytes = p.bytes + excluded.bytes, held = p.held + excluded.held`,
      valuesOf(step),
    );
  }

  async listProgress(tx: Tx, begunBefore: Date): Promise<Pick<Removal, 'store' | 'action'>[]> {
    return tx.query('SELECT store, action FROM retention_progress WHERE began_at <= $1 ORDER BY store', [begunBefore]);
  }

  /** Removes and answers it; null when there is none. */
  async takeProgress(tx: Tx, store: string, action: RetentionAction): Promise<Removal | null> {
    const [row] = await tx.query<Removal[]>(
      `WITH gone AS (DELETE FROM retention_progress WHERE store = $1 AND action = $2 RETURNING *) SELECT ${REMOVAL} FROM gone`,
      [store, action],
    );
    return row ?? null;
  }

  async add(tx: Tx, receipt: Receipt): Promise<void> {
    // Should nobody have made the day's partition ahead, it is made here, with the receipt or not at all.
    await tx.query(`SELECT create_expiry_partition('retention_receipt', $1)`, [receipt.expiresOn]);
    await tx.query(
      `INSERT INTO retention_receipt (store, action, data_class, cut_off, partitions, rows, rows_exact, bytes, held, began_at, id, expires_on,
         duration_ms, oldest_written_at, remaining) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [...valuesOf(receipt), receipt.id, receipt.expiresOn, Math.round(receipt.durationMs), receipt.oldestWrittenAt, receipt.remaining],
    );
  }

  /** Newest first. */
  async list(tx: Tx, { store, before, notExpiredBefore }: ReceiptFilter, limit: number): Promise<Receipt[]> {
    return tx.query(
      `SELECT ${REMOVAL}, id, expires_on::text AS "expiresOn", duration_ms::float8 AS "durationMs", oldest_written_at AS "oldestWrittenAt",
         remaining::float8 AS remaining
       FROM retention_receipt
       WHERE expires_on >= $1 AND ($2::text IS NULL OR store = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
      [notExpiredBefore, store ?? null, before ?? null, limit],
    );
  }

  /** The stores that have had a receipt on `day` or later. */
  async receiptedSince(tx: Tx, day: string): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ store: string }[]>('SELECT store FROM retention_store WHERE receipt_on >= $1', [day]);
    return new Set(rows.map(({ store }) => store));
  }

  async markReceipt(tx: Tx, store: string, day: string): Promise<void> {
    await tx.query(
      `INSERT INTO retention_store (store, receipt_on) VALUES ($1, $2) ON CONFLICT (store) DO UPDATE SET receipt_on = excluded.receipt_on`,
      [store, day],
    );
  }

  /** False when the alarm for this store has been raised that day already. */
  async markAlarm(tx: Tx, store: string, day: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO retention_store AS s (store, alarm_on) VALUES ($1, $2)
       ON CONFLICT (store) DO UPDATE SET alarm_on = excluded.alarm_on WHERE s.alarm_on IS DISTINCT FROM excluded.alarm_on RETURNING store`,
      [store, day],
    );
    return rows.length > 0;
  }
}

function valuesOf(step: Removal): unknown[] {
  const { store, action, dataClass, cutOff, partitions, rows, rowsExact, bytes, held, beganAt } = step;
  return [
    store,
    action,
    dataClass,
    cutOff,
    partitions,
    Math.round(rows),
    rowsExact,
    bytes === null ? null : Math.round(bytes),
    held,
    beganAt,
  ];
}
