import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../database/unit-of-work.js';
import type { SealedEnvelope } from './envelope.js';
import { KeyManagementService } from './key-management-service.js';

const BATCH = 20;

/** What changes of a seal when its data key moves. */
export type Rewrapped = Pick<SealedEnvelope, 'kmsKeyId' | 'wrappedKey'>;

/** Rows of one kind that hold something sealed. */
export interface SealedRows<Row, Id> {
  readonly idOf: (row: Row) => Id;
  /** A page of those not wrapped under `kmsKeyId`, in the order of their ids, after the id `after`. */
  readonly due: (tx: Tx, kmsKeyId: string, after: Id | undefined, limit: number) => Promise<readonly Row[]>;
  /** Asks the key service. */
  readonly rewrap: (row: Row, signal: AbortSignal | undefined) => Promise<Rewrapped>;
  /** False, and nothing written, when the row is no longer sealed as it was read. */
  readonly store: (tx: Tx, row: Row, wrapped: Rewrapped) => Promise<boolean>;
  /** Whether it failed because this row does not open, which the next one may; writes it down. Whatever else fails ends the run. */
  readonly isUnreadable: (error: unknown, row: Row) => boolean;
}

/** What a run has come to. `overtaken`: sealed anew meanwhile; `unreadable`: it does not open. */
export interface RewrapReport {
  readonly rewrapped: number;
  readonly overtaken: number;
  readonly unreadable: number;
}

/**
 * Moves data keys under the current root key (K3). What is left to do is read from the rows, so a run that was killed is resumed by the next, and two at
 * once do no harm: each write names the seal it replaces and comes to nothing once that has moved on. The key service is asked outside transactions.
 */
@Injectable()
export class RewrapRows {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly kms: KeyManagementService,
  ) {}

  /** Goes on past what does not open. Raises `kms/*` when the key management service itself fails. */
  async run<Row, Id>(rows: SealedRows<Row, Id>, signal?: AbortSignal): Promise<RewrapReport> {
    const report = { rewrapped: 0, overtaken: 0, unreadable: 0 };
    const current = await this.kms.currentKeyId(signal);
    let after: Id | undefined;
    for (;;) {
      const page = await this.unitOfWork.asSystem((tx) => rows.due(tx, current, after, BATCH));
      for (const row of page) {
        if (signal?.aborted) return report;
        report[await this.move(rows, row, signal)] += 1;
        after = rows.idOf(row);
      }
      if (page.length < BATCH) return report;
    }
  }

  private async move<Row, Id>(rows: SealedRows<Row, Id>, row: Row, signal: AbortSignal | undefined): Promise<keyof RewrapReport> {
    try {
      const { kmsKeyId, wrappedKey } = await rows.rewrap(row, signal);
      const isStored = await this.unitOfWork.asSystem((tx) => rows.store(tx, row, { kmsKeyId, wrappedKey }));
      return isStored ? 'rewrapped' : 'overtaken';
    } catch (error) {
      if (!rows.isUnreadable(error, row)) throw error;
      return 'unreadable';
    }
  }
}
