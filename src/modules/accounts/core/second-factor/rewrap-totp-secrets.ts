import { Injectable } from '@nestjs/common';
import { AppError } from '../../../../kernel/errors.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { RewrapRows, type SealedRows } from '../../../../platform/kms/rewrap-rows.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { type TotpFactorRow, TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { rewrapTotpSecret } from './sealed-totp-secret.js';

/** Follows a rotation of the root key with TOTP secrets (K3). */
@Injectable()
export class RewrapTotpSecrets {
  private readonly rows: SealedRows<TotpFactorRow, TotpFactorId>;

  constructor(
    private readonly rewrapping: RewrapRows,
    factors: TotpFactorsRepository,
    kms: KeyManagementService,
    log: Log,
  ) {
    this.rows = {
      idOf: ({ id }) => id,
      due: (tx, kmsKeyId, after, limit) => factors.wrappedOtherwise(tx, kmsKeyId, { after, limit }),
      rewrap: (factor, signal) => rewrapTotpSecret(kms, factor, signal),
      store: (tx, factor, wrapped) => factors.replaceWrappedKey(tx, factor, wrapped),
      isUnreadable: (error) => {
        if (!(error instanceof AppError) || error.code !== 'second_factors/secret_unreadable') return false;
        log.error('a TOTP secret could not be re-wrapped because it does not open', { component: 'accounts', err: error });
        return true;
      },
    };
  }

  /** Answers how many were moved. Goes on past secrets that cannot be opened. Raises `kms/*` when the key management service itself fails. */
  async run(signal?: AbortSignal): Promise<number> {
    return (await this.rewrapping.run(this.rows, signal)).rewrapped;
  }
}
