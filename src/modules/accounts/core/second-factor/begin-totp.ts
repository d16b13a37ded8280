import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { newId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { accountsErrors } from '../../accounts.errors.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorPermit } from './factor-permit.js';
import { sealTotpSecret } from './sealed-totp-secret.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { newTotpSecret, totpEnrolment } from './totp.js';

/** How long a secret that was shown waits for its first code. */
export const ENROLMENT_MS = 600_000;

/** Makes a secret for an authenticator app. It leaves this function once, and counts for nothing until a code of it has come back. */
@Injectable()
export class BeginTotp {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly permit: FactorPermit,
    private readonly factors: TotpFactorsRepository,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises what {@link FactorPermit} does, `second_factors/already_enrolled` and `kms/*`. */
  async run({
    accountId,
    sessionId,
  }: SecondFactorSession): Promise<{ readonly uri: string; readonly secret: string; readonly expiresAt: Date }> {
    const id = newId<TotpFactorId>();
    const secret = newTotpSecret();
    try {
      const sealed = await sealTotpSecret(this.kms, { id, accountId }, secret);
      const createdAt = this.clock.now();
      const label = await this.unitOfWork.asSystem(async (tx) => {
        const account = await this.accounts.lock(tx, accountId);
        if (account === null) throw accountsErrors.account_not_found();
        await this.permit.toChange(tx, sessionId);
        const factor = { id, accountId, ...sealed, lastStep: 0, createdAt, confirmedAt: null, lastUsedAt: null };
        if (!(await this.factors.begin(tx, factor))) throw secondFactorErrors.already_enrolled();
        return account.email ?? account.username ?? accountId;
      });
      const issuer = new URL(publicUrl(this.settings)).hostname;
      return { ...totpEnrolment(secret, { issuer, label }), expiresAt: new Date(createdAt.getTime() + ENROLMENT_MS) };
    } finally {
      secret.fill(0);
    }
  }
}
