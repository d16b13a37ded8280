import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import { type EnvelopeContext, rewrapEnvelope, type SealedEnvelope } from '../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { RewrapRows, type SealedRows } from '../../../platform/kms/rewrap-rows.js';
import { Log } from '../../../platform/telemetry/logger.js';

/** Rows of federation: what is sealed in one, and what it is bound to. */
export interface FederationRows<Row, Id> extends Pick<SealedRows<Row, Id>, 'idOf' | 'due' | 'store'> {
  readonly sealed: (row: Row) => { readonly envelope: SealedEnvelope; readonly context: EnvelopeContext };
}

/** {@link RewrapRows} for what federation seals. */
@Injectable()
export class Rewrapping {
  constructor(
    private readonly rewrapping: RewrapRows,
    private readonly kms: KeyManagementService,
    private readonly log: Log,
  ) {}

  rows<Row, Id>({ sealed, ...rest }: FederationRows<Row, Id>): SealedRows<Row, Id> {
    return {
      ...rest,
      rewrap: (row, signal) => {
        const { envelope, context } = sealed(row);
        return rewrapEnvelope(this.kms, envelope, context, signal);
      },
      isUnreadable: (error) => {
        if (!(error instanceof AppError) || error.code !== 'kms/unreadable') return false;
        this.log.error('a secret of federation could not be re-wrapped because it does not open', { component: 'federation', err: error });
        return true;
      },
    };
  }

  /** Answers how many were moved. Goes on past what does not open. Raises `kms/*` when the key management service itself fails. */
  async run<Row, Id>(rows: SealedRows<Row, Id>, signal?: AbortSignal): Promise<number> {
    return (await this.rewrapping.run(rows, signal)).rewrapped;
  }
}
