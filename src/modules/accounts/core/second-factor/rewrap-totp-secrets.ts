import { Injectable } from '@nestjs/common';
import { AppError } from '../../../../kernel/errors.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { type TotpFactorRow, TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { rewrapTotpSecret } from './sealed-totp-secret.js';

const BATCH = 50;

/**
 * Moves the data keys of TOTP secrets under the current root key (K3). What is left to do is read from the rows, so a run that was killed is resumed
 * by the next, and two at once do no harm.
 */
@Injectable()
export class RewrapTotpSecrets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly factors: TotpFactorsRepository,
    private readonly kms: KeyManagementService,
    private readonly log: Log,
  ) {}

  /** Answers how many were moved. Goes on past secrets that cannot be opened. Raises `kms/*` when the key management service itself fails. */
  async run(signal?: AbortSignal): Promise<number> {
    const current = await this.kms.currentKeyId(signal);
    let moved = 0;
    let after: TotpFactorId | undefined;
    for (;;) {
      const due = await this.unitOfWork.asSystem((tx) => this.factors.wrappedOtherwise(tx, current, { after, limit: BATCH }));
      for (const factor of due) {
        if (signal?.aborted) return moved;
        if (await this.rewrapOne(factor, signal)) moved += 1;
        after = factor.id;
      }
      if (due.length < BATCH) return moved;
    }
  }

  private async rewrapOne(factor: TotpFactorRow, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      const { kmsKeyId, wrappedKey } = await rewrapTotpSecret(this.kms, factor, signal);
      return await this.unitOfWork.asSystem((tx) => this.factors.replaceWrappedKey(tx, factor, { kmsKeyId, wrappedKey }));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'second_factors/secret_unreadable') throw error;
      this.log.error('a TOTP secret could not be re-wrapped because it does not open', { component: 'accounts', err: error });
      return false;
    }
  }
}
