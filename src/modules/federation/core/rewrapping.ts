import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type EnvelopeContext, rewrapEnvelope, type SealedEnvelope } from '../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { Log } from '../../../platform/telemetry/logger.js';

const BATCH = 20;

export type Rewrapped = Pick<SealedEnvelope, 'kmsKeyId' | 'wrappedKey'>;

/** Rows of one kind that hold something sealed. */
export interface SealedRows<Row, Id> {
  readonly idOf: (row: Row) => Id;
  /** A page of those not wrapped under `kmsKeyId`, after the id `after`. */
  readonly due: (tx: Tx, kmsKeyId: string, after: Id | undefined, limit: number) => Promise<Row[]>;
  readonly sealed: (row: Row) => { readonly envelope: SealedEnvelope; readonly context: EnvelopeContext };
  /** False, and nothing written, when the row is no longer sealed as it was read. */
  readonly store: (tx: Tx, row: Row, wrapped: Rewrapped) => Promise<boolean>;
}

/**
 * Moves data keys under the current root key (K3), as credentials does: what is left is read from the rows, so a run that was killed is resumed by the
 * next, and each write names the seal it replaces.
 */
@Injectable()
export class Rewrapping {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly kms: KeyManagementService,
    private readonly log: Log,
  ) {}

  /** Answers how many were moved. Goes on past what does not open. Raises `kms/*` when the key management service itself fails. */
  async run<Row, Id>(rows: SealedRows<Row, Id>, signal?: AbortSignal): Promise<number> {
    const current = await this.kms.currentKeyId(signal);
    let moved = 0;
    let after: Id | undefined;
    for (;;) {
      const page = await this.unitOfWork.asSystem((tx) => rows.due(tx, current, after, BATCH));
      for (const row of page) {
        if (signal?.aborted) return moved;
        if (await this.move(rows, row)) moved += 1;
        after = rows.idOf(row);
      }
      if (page.length < BATCH) return moved;
    }
  }

  private async move<Row, Id>(rows: SealedRows<Row, Id>, row: Row): Promise<boolean> {
    try {
      const { envelope, context } = rows.sealed(row);
      const { kmsKeyId, wrappedKey } = await rewrapEnvelope(this.kms, envelope, context);
      return await this.unitOfWork.asSystem((tx) => rows.store(tx, row, { kmsKeyId, wrappedKey }));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'kms/unreadable') throw error;
      this.log.error('a secret of federation could not be re-wrapped because it does not open', { component: 'federation', err: error });
      return false;
    }
  }
}
