import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { TotpFactorRow } from '../../data/second-factor/totp-factors.repository.js';
import type { WebauthnCredentialRow } from '../../data/second-factor/webauthn-credentials.repository.js';
import { FactorRecords } from './factor-records.js';
import { SecondFactorDemand } from './second-factor-demand.js';

export interface SecondFactorOverview {
  /** Null when there is none, or none confirmed. */
  readonly totp: Pick<TotpFactorRow, 'createdAt' | 'lastUsedAt'> | null;
  readonly securityKeys: readonly WebauthnCredentialRow[];
  readonly recoveryCodesLeft: number;
  /** Whether an organisation of the account's demands a factor. */
  readonly demanded: boolean;
}

/** The second factors of an account. */
@Injectable()
export class ListSecondFactors {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly records: FactorRecords,
    private readonly demand: SecondFactorDemand,
  ) {}

  run(accountId: AccountId): Promise<SecondFactorOverview> {
    return this.unitOfWork.asSystem(async (tx) => {
      const app = await this.records.apps.find(tx, accountId);
      return {
        totp: app === null || app.confirmedAt === null ? null : app,
        securityKeys: await this.records.credentials.list(tx, accountId),
        recoveryCodesLeft: await this.records.codes.count(tx, accountId),
        demanded: await this.demand.appliesTo(tx, accountId),
      };
    });
  }
}
